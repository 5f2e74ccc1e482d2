; kernel.s: the toy kernel, all of it: what is assembled. Read the files in this order.
;
; The kernel is linked where it runs, at KBASE + KERNEL_PA, and loaded at KERNEL_PA. Jumps and LEA are relative to pc, so
; that the same code also runs at its physical address, until boot.s has turned paging on.

    .include "defs.inc"
    .include "arch.inc"
    .include "macros.inc"
    .include "sysnum.inc"

    .section .text, exec, addr=KBASE + KERNEL_PA, load=KERNEL_PA
.ifdef PARAVIRT
    .entry _start                       ; the hypervisor has turned paging on
.else
    .entry _start - KBASE               ; paging is off: the first instruction is at its physical address
.endif

    .include "boot.s"       ; from the first instruction to the first process
    .include "smp.s"        ; the other processors: start, interrupts between them, TLB shootdown
    .include "trap.s"       ; every way into the kernel, and out of it
    .include "syscall.s"    ; system calls: table and the small ones
.ifdef PARAVIRT
    .include "pv.s"         ; page tables by request, the way back to programs
    .include "pv_event.s"   ; event channels and timer
.else
    .include "apic.s"       ; interrupt controllers and timer
.endif
    .include "mm.s"         ; page frames and page tables
    .include "fault.s"      ; page faults: demand paging, copy-on-write
    .include "vm.s"         ; address spaces: make, copy, switch, destroy
    .include "map.s"        ; regions: mmap, munmap, sbrk
    .include "sched.s"      ; tasks take turns
    .include "proc.s"       ; fork, exit, wait
    .include "exec.s"       ; exec, and the first process
    .include "container.s"  ; containers: what a group of processes sees
    .include "cgroup.s"     ; and what it may use
    .include "layers.s"     ; and the files it sees
    .include "file.s"       ; open files and the RAM disk
    .include "pipe.s"
    .include "block.s"      ; disk driver and block cache
    .include "diskfs.s"     ; files on the disk
    .include "net.s"        ; network driver
    .include "socket.s"     ; sockets
    .include "console.s"    ; printing
    .include "panic.s"      ; when the kernel itself is wrong
    .include "lib.s"        ; copying, comparing; to and from programs' memory
    .include "data.s"       ; tables and variables
