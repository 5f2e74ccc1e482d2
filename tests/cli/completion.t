The man page has no mistake that groff would warn of, and names every command and option.

  $ ringside help --format=man | groff -man -Tutf8 -ww >/dev/null
  $ options() { # COMMAND: those that its help lists
  >   ringside help "$1" | sed -n '/^Options:/,/^Examples:/s/^  \(-., \|    \)\(--[a-z0-9-]*\).*/\2/p' | sort -u
  > }
  $ options help
  --ascii
  --color
  --format
  --help
  --version
  $ ringside help --format=man | groff -man -Tascii -P-cbou -rLL=200n >man.txt
  $ for c in $(ringside help --format=commands); do
  >   grep -q "^   ringside $c$" man.txt || echo "no section on $c"
  >   sed -n "/^   ringside $c$/,/^   ringside /p; /^COMMON/,/^COMMANDS/p" man.txt >section.txt
  >   options $c | while read -r o; do grep -q -e "^ .*$o" section.txt || echo "$c: no $o"; done
  > done

In bash: the commands, a command's options, the words that an option takes, and its operands.

  $ cat >try.bash <<'END'
  > source <(ringside help --format=bash)
  > try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ringside 2>&1; echo "${COMPREPLY[@]}"; }
  > "$@"
  > END
  $ bash try.bash try ringside hel
  help
  $ bash try.bash try ringside --ver
  --version
  $ bash try.bash try ringside help --f
  --format
  $ bash try.bash try ringside help --format m
  man
  $ bash try.bash try ringside help --format = z
  zsh
  $ bash try.bash try ringside help --color ''
  auto always never
  $ bash try.bash try ringside help hel
  help
  $ bash try.bash try ringside real ''
  doctor run calibrate compare list
  $ bash try.bash try ringside real run cpuid pio-
  pio-user pio-kernel

Every option that a command's help lists is completed in bash and in zsh.

  $ ringside help --format=zsh >_ringside
  $ for c in $(ringside help --format=commands); do
  >   options $c >told
  >   bash try.bash try ringside $c -- | tr ' ' '\n' | sort -u >bash
  >   sed -n "/^    $c)/,/;;/s/^ *'\**\(--[a-z0-9-]*\).*/\1/p" _ringside | sort -u >zsh
  >   test -s told && cmp told bash && cmp told zsh
  > done

In zsh, through its own completion system.

  $ cat >try.zsh <<'END'
  > zmodload zsh/zpty
  > zpty z "TERM=dumb zsh -f"
  > zpty -w z "PS1=; fpath=($PWD \$fpath); autoload -Uz compinit; compinit -D -u; echo rea''dy"
  > zpty -r -m z line '*ready*'
  > zpty -n -w z "$1"$'\t'
  > for ((i = 0; i < 100; i++)); do
  >   sleep 0.1
  >   while zpty -r -t z part '*'; do all+=$part; done
  >   [[ $all != *$2* ]] || break
  > done
  > print -r -- "$all" | tr -d '\r\007' | sed 's/.*2004h//; /^ *$/d; /^#/d'
  > END
  $ zsh try.zsh 'ringside hel' 'help '
  ringside help 
  $ zsh try.zsh 'ringside help --for' --format=
  ringside help --format=
  $ zsh try.zsh 'ringside help --format=m' man
  ringside help --format=man 
  $ zsh try.zsh 'ringside real cal' 'calibrate '
  ringside real calibrate 
  $ zsh try.zsh 'ringside real run mmi' 'mmio '
  ringside real run mmio 
