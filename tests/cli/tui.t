The dashboard, without a terminal: it says so.

  $ ringside tui hello
  ringside: tui: this is no terminal; --batch prints the screens as text
  [4]
  $ ringside tui helo -b
  ringside: tui: no workload 'helo'; did you mean 'hello'? 'ringside list workloads' names them all
  [2]
  $ ringside tui hello -b --view ring
  ringside: tui: no view 'ring'; did you mean 'rings'? rings, exits, memory, timeline, compare, code and lesson are
  [2]
  $ ringside tui hello -b --keys 'x<Entre>'
  ringside: --keys: <Entre> is no key; <Enter>, <Tab>, <F2>, <C-l>, <lt>, <wait:10>, <frame> and <size:80x24> are
  [2]
  $ ringside tui hello -b --size 80
  ringside: --size 80; write COLUMNSxROWS, as in 80x24
  [2]
  $ ringside tui hello -b --size 60x10
  This terminal is too small for the dashboard. Make it
  larger, or press q.
  
  
  
  
  
  
  
  60 x 10 < 80 x 24

The page about it has the keys as they are; so has the manual page.

  $ ringside tui --list-keys >keys
  $ sed '1,/^<!-- keys -->$/d' docs/dashboard.md | diff - keys
  $ ringside help --format=man | grep -c 'on to the next exit to the hypervisor'
  1

A picture is one SVG file; a step back leads to the same place; without colours and blocks nothing is lost.

  $ ringside tui hello --keys x --export-svg hello.svg
  $ head -c 40 hello.svg; echo; tail -1 hello.svg
  <svg xmlns='http://www.w3.org/2000/svg' 
  </svg>
  $ ringside tui hello -b --keys ':step 500<Enter>6' >there
  $ ringside tui hello -b --keys ':step 700<Enter>:back 200<Enter>6' | diff there -
  $ ringside tui hello -b --ascii --keys 'xx2' | sed -n '3,6p'
   VM-EXIT             Samplesv Samples%   Time%    Min     Max Average  Trend
  >EPT_VIOLATION              2  100.0 % 100.0 %    418   1,318     868  #..#.....
   all                        2
  
  $ ringside tui hello -b --ascii --keys 'xx' | LC_ALL=C grep -c '[^ -~]'
  0
  [1]

A lesson of one's own is a file; what is wrong with it is said with its place.

  $ printf 'title: Mine\nworkload: hello\narch: native\n\nWho is below the kernel?\nanswer:\nNobody.\n' >mine.lesson
  $ ringside tui mine.lesson -b --lang en --keys '<Enter>' | sed -n '3,9p'
    Mine                                                                     1/1
    ────────────────────────────────────────────────────────────────────────────
     A question
  
    Who is below the kernel?
  
    Answer
  $ printf 'titel: Mine\n\ntext\n' >typo.lesson
  $ ringside tui typo.lesson -b
  typo.lesson:1:1: 'titel: Mine' is none of title:, workload:, arch: and compare:; an empty line ends these
  [3]
  $ printf 'title: Mine\n\ntext\n---\n---\n' >empty.lesson
  $ ringside tui empty.lesson -b
  empty.lesson:5:1: a page without text; write some above this line
  [3]

A scenario in Lua becomes a lesson: it is run, its question waits for Enter, and its first comparison is what one sees.

  $ ringside tui shadow-against-nested -b --lang en --keys '<Enter><Enter>' | sed -n '3,12p' | sed 's/ *$//'
    Shadow against nested paging                                             2/3
    ────────────────────────────────────────────────────────────────────────────
     A question
  
    Nested paging is the newer invention, made to replace the older. Is it the
    faster one for both programs?
  
    Answer
    No. It wins by far where page tables change: the guest's updates concern
    nobody, while shadow paging exits for each fault and each flush. It loses
  $ ringside tui popf -b --lang ko --keys 'n' | sed -n '3p'
    x86은 왜 가상화할 수 없었는가                                            1/3
  $ echo 'text "first" ask "who?" nobody()' >wrong.lua
  $ ringside tui wrong.lua -b
  wrong.lua:1: attempt to call a nil value (global 'nobody')
  [3]
