; syscall.s: SYSCALL arrives here, finds its function in a table, and goes back. Also the calls too small for a file.

; Interrupts are off, sp is the address of the slot that holds this task's kernel stack, t0-t2 are the program's sp, pc, flags.
; The whole trap frame is filled in, though SYSRET needs little of it: fork copies it, exec rewrites it.
syscall_entry:
    ARCH_SYSCALL_ENTRY
    addi sp, sp, -TF_SIZE
    std  a0, [sp+TF_A0]
    std  a1, [sp+TF_A1]
    std  a2, [sp+TF_A2]
    std  a3, [sp+TF_A3]
    std  a4, [sp+TF_A4]
    std  a5, [sp+TF_A5]
    std  s0, [sp+TF_S0]
    std  s1, [sp+TF_S1]
    std  s2, [sp+TF_S2]
    std  s3, [sp+TF_S3]
    std  lr, [sp+TF_LR]
    std  t0, [sp+TF_SP]
    std  t1, [sp+TF_PC]
    std  t2, [sp+TF_FLAGS]
    movi t0, 3
    std  t0, [sp+TF_RING]
    movi t0, VEC_SYSCALL
    std  t0, [sp+TF_VECTOR]
    ARCH_STI
    movi t0, SYS_COUNT
    bgeu a5, t0, .unknown
    la   t0, syscall_table
    shli t1, a5, 3
    add  t0, t0, t1
    ldd  t0, [t0]
    mov  a5, sp                         ; the frame, for those who want it
    callr t0
.out:
    ARCH_CLI
    CURRENT t0
    ldd  t1, [t0+T_RESCHED]
    bnez t1, .resched
    ; s0-s3 still hold the program's values, as every function keeps them; the others must not show the kernel's.
    ldd  a1, [sp+TF_A1]
    ldd  a2, [sp+TF_A2]
    ldd  a3, [sp+TF_A3]
    ldd  a4, [sp+TF_A4]
    ldd  a5, [sp+TF_A5]
    ldd  lr, [sp+TF_LR]
    ARCH_SYSRET
.resched:
    std  a0, [sp+TF_A0]
    mov  a0, t1
    call resched
    ldd  a0, [sp+TF_A0]
    jmp  .out
.unknown:
    movi a0, -ENOSYS
    jmp  .out

; ---- the small ones: arguments in a0-a4, result in a0, trap frame in a5 -------------------------
sys_getpid:
    CURRENT a0
    ldd  a0, [a0+T_VPID]
    ret

sys_time:                               ; ticks of a millisecond since boot
    la   a0, jiffies
    ldd  a0, [a0]
    ret

sys_cpus:
    la   a0, cpus
    ldd  a0, [a0]
    ret

sys_yield:
    ENTER 0
    call yield
    mov  a0, zero
    LEAVE 0

sys_poweroff:                           ; with status a0
    CURRENT a1
    ldd  a1, [a1+T_CT]
    bnez a1, ct_poweroff
poweroff:
    ARCH_CLI
    mov  sp, a5
    ARCH_POWEROFF_FOR_PROGRAM

; One row a system call, in the order of sysnum.inc.
    .align 8
syscall_table:
    .quad sys_exit, sys_write, sys_read, sys_getpid
    .quad sys_fork, sys_exec, sys_wait, sys_pipe
    .quad sys_close, sys_open, sys_mmap, sys_munmap
    .quad sys_yield, sys_sbrk, sys_time, sys_dup
    .quad sys_seek, sys_sleep, sys_socket, sys_send
    .quad sys_recv, sys_thread, sys_sync, sys_cpus
    .quad sys_poweroff, sys_container, sys_cgroup, sys_uname
    .quad sys_setname, sys_processes, sys_frames
