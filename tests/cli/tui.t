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

What a script of one's own shows is its first guest, with processor and length; scenes are set for its pages. What is given comes first.

  $ cat >mine.lua <<'END'
  > lesson "Mine"
  > text "A first page."
  > compare { workload = "hello", n = 2, cpu = "penryn", archs = { "type1/fullvirt-bt", "virtualbox,paging=shadow" } }
  > scene "exit BT_CALLOUT; view lesson"
  > see "Look."
  > ask "Why?"
  > answer "So."
  > see "See."
  > END
  $ ringside tui mine.lua -b --lang en --keys '<Enter><Enter>' | sed -n '1,13p' | sed 's/ *$//'
   ⏸ paused  type1/fullvirt-bt  hello  penryn             18 instr.  30.9k cycles
   1 Rings  2 Exits  3 Memory  4 Timeline  5 Compare  6 Code [7 Lesson]
    Mine                                                                     2/2
    ────────────────────────────────────────────────────────────────────────────
     A question
  
    Look.
  
    Why?
  
    Answer
    So.
  
  $ ringside tui mine.lua -b --lang en --cpu xeon --arch kvm --keys '5<Space><wait:60>' | sed -n '1p;4p;8p;12p'
   ⏸ paused  type2/fullvirt-hw,io=paravirt  hello  xeon      0 instr.  460 cycles
  native                                                         0 exits  ×1.000 ✓
  type1/fullvirt-bt                                            461 exits  ×8.667 ✓
  type2/fullvirt-hw,paging=shadow                              228 exits  ×1.156 ✓
  $ ringside run mine.lua -c | tail -5
  Question: Why?
  
  Answer: So.
  
  Expectations met: 0/0; seed 1.

A bare program runs there, too, and has its source.

  $ ringside tui popf -b --lang en --keys '6xxx' | sed -n '1p;4p' | sed 's/  *a0 .*//'
   ⏸ paused  type1/fullvirt-trap  program  xeon           14 instr.  4,233 cycles
  program:11              rdflags s1                ; save
  $ ringside tui popf -b -n 3
  ringside: tui: the scenario's guest is a bare program: --length and --append are the toy OS's
  [2]

The mouse: a tab, a line, a line that is selected already, the setup menu, the wheel.

  $ show='ringside tui diskread --arch virtualbox -b --lang en --keys'
  $ $show ':goto 1000000<Enter><click:10,1><frame><click:5,5><frame><click:5,5>' | grep -e '^▶' -e '┌─' -e '^ *1 Rings'
   1 Rings [2 Exits] 3 Memory  4 Timeline  5 Compare  6 Code  7 Lesson
  ▶EPT_MISCONFIG            854   60.4 %  86.1 %    724  14,346   3,312  ▅█▆█▆█▆▁·
   1 Rings [2 Exits] 3 Memory  4 Timeline  5 Compare  6 Code  7 Lesson
  ▶APIC_ACCESS              144   10.2 %   3.2 %    702     746     724  ▅█▆█▆█▆▁·
   1 Rings [2 Exits] 3 Memory  4 Timeline  5 Compare  6 Code  7 Lesson
   ┌─ APIC_ACCESS ──────────────────────────────────────────────────────────────┐
  $ $show ':goto 1000000<Enter>2<WheelDown><frame><WheelUp>' | grep '^▶' | cut -c1-30
  ▶HLT                      13
  ▶EPT_MISCONFIG            85
  $ $show 'x<F2><click:9,5><frame><click:9,5>' | sed -n -e '1p' -e 6p -e 26p
   ⏸ paused  type2/fullvirt-hw  diskread  xeon             0 instr.  2,702 cycles
   │ ▶  type1/fullvirt-bt    binary translation: kernel code is rewritten as it │
   ⏸ paused  type1/fullvirt-bt  diskread  xeon               0 instr.  678 cycles
  $ $show ':goto 1000000<Enter>4<WheelUp><frame>zz<WheelUp>' | grep '^ cycles' | tail -1
   cycles         3,494,078           29,362 a column            5,138,350 z/Z x4

Searching and filtering.

  $ $show ':goto 1000000<Enter>2/apic<Enter><frame>/io_<Enter><frame>/<Enter>' | grep '^▶' | cut -c1-30
  ▶APIC_ACCESS              14
  ▶IO_INSTRUCTION           11
  ▶IO_INSTRUCTION           11
  $ $show ':goto 1000000<Enter>3tt/l2<Enter>' | grep '^▶' | cut -c1-60
  ▶L2        1     0  0000000000400000 → 0000d36000  4K   
  $ $show ':goto 1000000<Enter>3tt\l1 i<Enter>' | grep -c '^[ ▶]L1 I  .*→'
  7
  $ $show ':goto 1000000<Enter>3\leaf-not-there<Enter>' | grep -n 'filter'
  14: No line has the text of the filter.
  $ $show '6/hlt<Enter>' | tail -1
   Nothing has the text 'hlt'.
  $ $show '4/' | tail -1
   Nothing to search here; lists are in: Exits, Memory, Code, Lesson.
  $ $show '5\' | tail -1
   Nothing to leave out here; lists are in: Exits, Memory.
  $ ringside tui shadow -b --lang en --keys '/own page tables<Enter>' | sed -n 3p
    Shadow page tables                                                       3/5

An error is as long as it must be, and in the language of the class.

  $ show='ringside tui hello --arch type1/fullvirt-bt -b --keys'
  $ $show ':set paging=nested<Enter>' --lang en | tail -3
  Nothing has happened yet.
   type1/fullvirt-bt with paging=nested, io=emulated on xeon: nested paging
   belongs to non-root mode, which this technique does without: paging=shadow
  $ $show ':set paging=nested<Enter>' --lang ko | tail -2
   type1/fullvirt-bt, paging=nested, io=emulated, xeon: 중첩 페이징은 비루트
   모드의 기능인데, 이 기법은 비루트 모드를 쓰지 않습니다: paging=shadow
  $ $show ':arch kmv<Enter><frame>:break exit:ANY<Enter>' --lang ko | grep -e "'kmv'" -e ANY
   알 수 없는 아키텍처 'kmv'입니다. 'kvm'을(를) 뜻하셨나요?
   ANY: 이런 exit 이유는 없습니다. 목록은 'ringside list exits'에 있으며,
