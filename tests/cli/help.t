What a newcomer types first.

  $ ringside
  ringside: no command given; 'ringside help' lists them all
  [2]
  $ ringside nosuch
  ringside: unknown command 'nosuch'; 'ringside help' lists them all
  [2]
  $ ringside hepl
  ringside: unknown command 'hepl'; did you mean 'real'? 'ringside help' lists them all
  [2]
  $ ringside --nosuch
  ringside: unknown option '--nosuch'; see 'ringside --help'
  [2]
  $ ringside help --fromat=man
  ringside: unknown option '--fromat=man'; did you mean '--format'? See 'ringside help --help'
  [2]
  $ ringside help --format
  ringside: option '--format' needs a value; see 'ringside help --help'
  [2]
  $ ringside help --format=html
  ringside: --format: 'html' is none of text, man, bash, zsh, commands
  [2]
  $ ringside help a b
  ringside: help takes no more than 1 operand; see 'ringside help --help'
  [2]
  $ ringside help --format=man help
  ringside: help: --format covers all commands at once; leave out the operand
  [2]
  $ ringside help nosuch
  ringside: unknown command 'nosuch'; 'ringside help' lists them all
  [2]
  $ ringside --color=sometimes help
  ringside: --color: 'sometimes' is none of auto, always, never
  [2]

Help goes to standard output, and is the same by every road.

  $ ringside help help
  Usage: ringside help [OPTION]... [COMMAND]
  
  Lists the commands, or explains one of them. The same tables are printed as a
  man page or as completions for a shell with --format.
  
  Options:
        --format FORMAT       text for a person; man, bash, zsh: the files that
                              'make install' puts in place; commands: their names,
                              one a line (default: text)
    -h, --help                print this help
    -V, --version             print the version and what is built in
        --color WHEN          colour the output: auto (on a terminal, unless
                              NO_COLOR is set), always, never
        --ascii               plain ASCII: no bars and lines of the locale's
                              characters
  
  Examples:
    ringside help
        list all commands
    ringside help help
        explain this command
    ringside help --format=man | man -l -
        read the manual of an uninstalled build
    source <(ringside help --format=bash)
        complete commands and options in this shell
  $ ringside help help >1; ringside help --help >2; ringside help -h >3; cmp 1 2 && cmp 1 3
  $ ringside --help >1; ringside help >2; ringside -h >3; cmp 1 2 && cmp 1 3

No line of any help is wider than 80 columns.

  $ for c in $(ringside help --format=commands); do ringside help $c; done | grep '.\{81\}'
    printf 'hello 2\ncount 9 | sum\n\004' | ringside boot -w sh --append opt=i --input -
  Usage: ringside real [OPTION]... doctor|run|calibrate|compare|list [OPERATION]...

A reader that goes away ends the program by SIGPIPE, without a word; a full disk is reported.

  $ (sleep 0.3; ringside help --format=man; echo "status $?" >&2) | true
  status 141
  $ ringside help >/dev/full
  ringside: cannot write to standard output: No space left on device
  [4]

Nothing but text when the output is not a terminal.

  $ ringside help help | tr -d '[:print:]\n' | wc -c
  0

The version says what is built in.

  $ ringside --version | head -n 1
  ringside 0.1.0
  $ ringside help -V | sed 's/: .*//'
  ringside 0.1.0
  Lua scenarios
  dashboard
  real path (/dev/kvm)
