 bogus
