Scenarios. tests/scenarios plays all of them in both languages.

  $ ringside list scenarios
  scenario               what it is about
  24-references          The 24 references
  binary-translation     Binary translation
  container-against-vm   Container against virtual machine
  cpu-bound              When virtualization does not help
  dom0                   Dom0's part: full against para
  paravirt               The paravirtual kernel and its hypercalls
  popf                   Why x86 was not virtualizable
  rings-and-root-mode    Rings and root mode
  shadow-against-nested  Shadow against nested paging
  trap-and-emulate       Trap and emulate
  type1-against-type2    Type 1 against type 2
  user-and-kernel        User mode and kernel mode
  vtx-exits              VT-x: what exits, and what does not

A lesson as the class sees it, in English and in Korean.

  $ ringside run popf --lang en
  Why x86 was not virtualizable
  
  Popek and Goldberg's theorem of 1974 asks one thing of an instruction set: every sensitive instruction, one that changes the machine's configuration or shows it, must be privileged, so that it traps outside ring 0. Then a hypervisor can run the guest's kernel in an outer ring and wait.
  
  x86 of the 1990s had seventeen sensitive instructions that do not trap. The best known is POPF, here WRFLAGS: outside ring 0 it writes all flags but the interrupt flag, and says nothing about it.
  
  The kernel in this script does what kernels do a thousand times a second. It saves its flags, switches interrupts off with WRFLAGS, works on something that must not be disturbed, and restores the flags. An interrupt comes just then; the kernel prints when it was delivered.
  
  Question: The same kernel runs on the bare machine, under trap-and-emulate, binary translation and VT-x. Where is it interrupted in the middle of its critical section, and what does the hypervisor notice?
  
    architecture          cycles  exits  console
    native                50,178      0  it came after the end
    type1/fullvirt-trap  387,889     29  it came in the middle
    type1/fullvirt-bt    413,395     43  it came after the end
    type1/fullvirt-hw    402,520     29  it came after the end
    ✓ native, translated and under VT-x the interrupt waits
    ✓ under trap-and-emulate it comes in the middle
  
  Answer: Under trap-and-emulate only, and nobody notices anything. WRFLAGS in ring 1 left the interrupt flag as it was, without a trap; the hypervisor still believes that the guest takes interrupts, and delivers one. There is no crash and no message: only data that are wrong now and then. That is what makes a hole worse than a fault.
  
  There are three ways out, and all three came. Binary translation never executes the guest's WRFLAGS: it runs code in its place. VT-x gives the guest an interrupt flag of its own. Paravirtualization changes the guest's source. And a fourth, on paper: let the hole trap. The last run closes the holes, and trap-and-emulate is right.
  
    architecture                        cycles  exits  console
    type1/fullvirt-trap, holes closed  390,193     32  it came after the end
    ✓ with the holes closed trap-and-emulate is right
  
  Look: Look at the exits of the two runs under trap-and-emulate. With the holes closed there are more of them: each is an instruction of which the hypervisor did not hear before.
    ✓ the hypervisor heard of three more instructions
  
  Try: Replace WRFLAGS by CLI and STI. They are privileged, they trap, and trap-and-emulate is right with the holes open, too: the theorem is about instructions that a guest uses, not about those it could use.
  $ ringside run popf --lang ko | sed -n '1,6p; /^질문/,$p'
  x86은 왜 가상화할 수 없었는가
  
  1974년의 포펙·골드버그 정리가 명령어 집합에 요구하는 것은 하나이다. 기계의 설정을 바꾸거나 드러내는 민감 명령은 모두 특권 명령이어서 링 0 밖에서 트랩을 일으켜야 한다는 것이다. 그러면 하이퍼바이저는 게스트 커널을 바깥쪽 링에서 실행하고 기다리기만 하면 된다.
  
  1990년대의 x86에는 트랩을 일으키지 않는 민감 명령이 열일곱 개 있었다. 가장 유명한 것이 POPF이며, 여기서는 WRFLAGS이다. 링 0 밖에서 이 명령은 인터럽트 플래그만 빼고 모든 플래그를 쓰며, 그 사실을 알리지 않는다.
  
  질문: 같은 커널을 맨 기계, 트랩 후 에뮬레이션, 이진 변환, VT-x에서 실행한다. 임계 구역 한가운데에서 인터럽트를 받는 것은 어느 경우이며, 하이퍼바이저는 무엇을 알아차리는가?
  
    architecture          cycles  exits  console
    native                50,178      0  it came after the end
    type1/fullvirt-trap  387,889     29  it came in the middle
    type1/fullvirt-bt    413,395     43  it came after the end
    type1/fullvirt-hw    402,520     29  it came after the end
    ✓ 맨 기계, 이진 변환, VT-x에서는 인터럽트가 기다린다
    ✓ 트랩 후 에뮬레이션에서는 한가운데로 들어온다
  
  답: 트랩 후 에뮬레이션에서만 그렇고, 아무도 아무것도 알아차리지 못한다. 링 1의 WRFLAGS는 트랩 없이 인터럽트 플래그를 그대로 두었다. 하이퍼바이저는 게스트가 여전히 인터럽트를 받는다고 믿고 하나를 전달한다. 충돌도 메시지도 없다. 이따금 데이터가 틀릴 뿐이다. 그래서 구멍은 폴트보다 나쁘다.
  
  빠져나갈 길은 셋이며, 셋 다 실제로 나왔다. 이진 변환은 게스트의 WRFLAGS를 아예 실행하지 않고 대신 다른 코드를 실행한다. VT-x는 게스트에게 자신만의 인터럽트 플래그를 준다. 반가상화는 게스트의 소스를 바꾼다. 이론상 네 번째 길도 있다. 구멍이 트랩을 일으키게 하는 것이다. 마지막 실행에서는 구멍을 막고, 트랩 후 에뮬레이션이 올바르게 동작한다.
  
    architecture                        cycles  exits  console
    type1/fullvirt-trap, holes closed  390,193     32  it came after the end
    ✓ 구멍을 막으면 트랩 후 에뮬레이션도 올바르다
  
  살펴보기: 트랩 후 에뮬레이션 두 실행의 탈출 수를 비교해 보라. 구멍을 막으면 더 많다. 늘어난 하나하나가 하이퍼바이저가 전에는 듣지 못했던 명령이다.
    ✓ 하이퍼바이저가 세 명령을 더 들었다
  
  바꿔 보기: WRFLAGS를 CLI와 STI로 바꾸어 보라. 이들은 특권 명령이어서 트랩을 일으키고, 구멍이 열려 있어도 트랩 후 에뮬레이션이 올바르게 동작한다. 문제가 되는 것은 게스트가 실제로 쓰는 명령이지, 쓸 수 있는 명령이 아니다.

A script of one's own, with its translation beside it.

  $ cat >mine.lua <<'END'
  > lesson "Mine"
  > local r = compare { workload = "nullcall", n = 1000, archs = { "container" } }
  > expect(r.container.exit_count == 0, "no exit")
  > expect(r.container.slowdown < 1, "faster than the bare machine")
  > END
  $ ringside run mine.lua
  Mine
    ✓ no exit
  mine.lua:4: expected: faster than the bare machine
  mine.lua: 1 of 2 expectations failed.
  [1]
  $ printf 'msgid "Mine"\nmsgstr "내 것"\nmsgid "old"\nmsgstr "옛것"\n' >mine.ko.po
  $ ringside run --lang ko --check-texts mine.lua
  mine.lua: no translation of "no exit"
  mine.lua: no translation of "faster than the bare machine"
  내 것
    ✓ no exit
  mine.lua:4: expected: faster than the bare machine
  mine.lua: a translation that nobody needs: "old"
  mine.lua: 1 of 2 expectations failed.
  [1]

What goes wrong says where.

  $ ringside run pof
  ringside: no scenario 'pof'; did you mean 'popf'? a script of your own is named with its .lua
  [2]
  $ ringside run nosuch.lua
  nosuch.lua: cannot open: No such file or directory
  [3]
  $ echo 'run { program = "start: hlt", arch = "container" }' | ringside run -
  <stdin>:1: container: a container has no kernel of its own, its programs call the host's: the Ubuntu in your container is not a kernel. Run this one under native or a virtual machine, such as type2/fullvirt-hw
  [3]
  $ echo 'run { program = "start: nope" }' | ringside run -
  <stdin>:1: program:1:8: 'nope' is no instruction, pseudo-instruction or macro; did you mean 'nop'?
  [3]
  $ echo 'compare { workload = "nullcal", archs = {} }' | ringside run -
  <stdin>:1: no workload 'nullcal'; 'ringside list workloads' names them all
  [3]
  $ echo 'compare { workload = "nullcall", archs = { "native", "esx" } }' | ringside run -
  ringside: unknown architecture 'esx'; did you mean 'esxi'?
  <stdin>:1: this comparison cannot be run; the line above says why
  [3]
  $ ringside run popf --lang de
  ringside: no language 'de'; --lang takes en or ko
  [2]
