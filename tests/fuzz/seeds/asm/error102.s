.section x, large
