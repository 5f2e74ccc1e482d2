Containers: one kernel. A container has no exits, and ends as the bare machine does; products are such points.

  $ ringside compare hello --arch docker,lxc --export-csv - | cut -d, -f1,3,4 | tr -d '\r'
  architecture,io,workload
  native,passthrough,hello
  docker,shared,hello
  $ ringside compare compile -n 4 --arch container -q | tail -1
  All 2 runs give the right checksum, and native's console, memory and registers; their categories sum to the elapsed cycles.

A quota shows as waiting, and only there.

  $ ringside compare sieve -n 3000000 --arch container,cpu_quota=25 --export-json - | sed -n 's/.*"slowdown": //p' | awk 'END { print ($1 > 2.5 && $1 < 4) ? "a fourth of the time" : $1 }'
  a fourth of the time

Too little memory ends the container; the message is the kernel's.

  $ ringside compare pgfault -n 500 --arch container,memory=256 2>&1 | tail -3
  ! container,memory=256 goes wrong: its memory limit ended its container (pc 0xffffffffe00116ec)
  
  1 of 2 runs went wrong.

Several at once, and what each sees and gets.

  $ for n in 0 1 2 3 4 5 6; do ringside boot -q -w pods -n $n | tail -n +2; done
  host: process 2 of 2, kernel toyos, port 9 is its own, files of toyos, the base image
  one: process 1 of 1, kernel toyos, port 9 is its own, files of toyos, the base image
  two: process 1 of 1, kernel toyos, port 9 is its own, files of Ubuntu, by its files
  shares 3072 and 1024: 749 and 251 thousandths of the processor
  toyos: container one ends: out of memory, its limit is 256 KiB
  status -513, KiB at most 256, now 0
  without a limit: status 0
  one more container, all 16 pages of a file read: 9 frames more in use, to its account 8
  one more container, all 16 pages of a file read: 10 frames more in use, to its account 8
  one more container, all 16 pages of a file read: 10 frames more in use, to its account 8
  inside: 7 processes; poweroff with 7
  the first process ended with 7; left of its container: 0 frames; processes in all: 2
  one reads TOYOS, the base image
  two reads toyos, the base image
  host, to a file of the RAM disk: 9, an error; it reads toyos, the base image
  one got 42 from port 5

Another kernel is refused.

  $ ringside compare hello --arch docker,kernel=1 2>&1 | grep -e '^- ' -e '^ringside'
  - docker,kernel=1: not run: container with paging=direct, io=shared on xeon: it has no kernel of its own, its programs call the host's (the Ubuntu in your container is not a kernel): leave kernel=1 out, or take a virtual machine such as type2/fullvirt-hw
  ringside: none of the architectures asked for can be run here
  $ ringside compare hello --arch docker,paging=nested 2>&1 | grep -e '^- '
  - docker,paging=nested: not run: container with paging=nested, io=shared on xeon: a container has no kernel and so no page tables of its own: paging=direct
  $ ringside compare hello --arch docker,cpu_shares=1
  ringside: cpu_shares takes a number from 2 to 262144, not '1'
  [2]
  $ ringside explain docker | tail -3
  It stands for container with paging=direct and io=shared.
  On xeon: it can run.
  'ringside explain container' says how it works.
  $ ringside explain container | grep -e 'not a kernel' -e '^insn'
  No other kernel can run: the Ubuntu in your container is not a kernel. Nothing is emulated; what it costs is the kernel's own bookkeeping, at switches between processes and at new pages. As all share that kernel, a mistake in any system call is open to every container, and a panic ends them all; a virtual machine's guest panics alone.

The runner's words stand before the command line, which is as long as it can be; or it says so.

  $ ringside compare hello --arch docker --append "$(printf '%900s' | tr ' ' x)" -q | tail -1
  All 2 runs give the right checksum, and native's console, memory and registers; their categories sum to the elapsed cycles.
  $ ringside compare hello --arch docker --append "$(printf '%990s' | tr ' ' x)" -q 2>/dev/null | grep '^- '
  - docker: not run: container: the command line is too long; shorten it

One kernel is one mistake away from all of them: here uname writes through a null pointer. A container that calls it
takes the others along, and the host.

  $ mkdir -p mine/kernel && cp scenarios/guest/kernel/container.s mine/kernel
  $ sed -i '/^sys_uname:/a \    std  zero, [zero]' mine/kernel/container.s
  $ ringside boot --guest mine -w pods -n 5 | grep -e panic -e '^The kernel' -e reads
  kernel panic: page fault in the kernel
  The kernel panicked at sys_uname (mine/kernel/container.s:265).
