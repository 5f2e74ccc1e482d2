; container.s: containers. There is no second kernel: a container is a group of processes, to whom this one shows less (name
; spaces, here) and gives less (control groups, cgroup.s). Each has numbers of its own for its processes, a host name, a layer of
; files above the RAM disk's, and ports of its own; nobody inside can name what is outside. Containers do not nest.

; container(address of a request, sysnum.inc): as fork, but the child is process 1 of a new container.
sys_container:
    ENTER 4
    mov  s2, a5
    CURRENT a1
    ldd  a1, [a1+T_CT]
    bnez a1, .nested
    addi sp, sp, -CN_SIZE
    mov  a1, a0
    mov  a0, sp
    movi a2, CN_SIZE
    call copy_from_user
    bnez a0, .out
    stb  zero, [sp+CN_NAME+NAME_MAX-1]
    stb  zero, [sp+CN_LAYER+NAME_MAX-1]
    la   s1, proc_lock
    LOCK s1
    movi s3, 1
.slot:
    CT_OF s0, s3
    ldd  a0, [s0+CT_STATE]
    beqz a0, .found
    addi s3, s3, 1
    movi a0, CT_MAX
    bne  s3, a0, .slot
    UNLOCK s1
    movi a0, -EMFILE
    jmp  .out
.found:
    std  s3, [s0+CT_ID]
    mov  a0, s0
    mov  s3, sp
    call ct_fill
    UNLOCK s1
    CURRENT s3
    std  s0, [s3+T_CT]                  ; what its first process is made of goes to its account already
    mov  a4, s0
    mov  a5, s2
    call fork_into
    std  zero, [s3+T_CT]
    bltz a0, .failed
    ldd  a0, [s0+CT_PID]                ; it stays until its parent, we, waits
    jmp  .out
.failed:
    mov  s2, a0
    LOCK s1
    mov  a0, s0
    call ct_free
    UNLOCK s1
    mov  a0, s2
.out:
    addi sp, sp, CN_SIZE
    LEAVE 4
.nested:
    movi a0, -EINVAL
    LEAVE 4

; Fills in container a0, which is free, from the request at s3. proc_lock held.
ct_fill:
    ENTER 2
    mov  s0, a0
    addi a1, s0, CT_INIT
    addi a2, s0, CT_LIMIT
.clear:
    std  zero, [a1]
    addi a1, a1, 8
    bltu a1, a2, .clear
    std  zero, [s0+CT_FAILS]            ; not CT_FRAMES: the last one's last page may be on its way back
    ldd  a1, [s0+CT_FRAMES]
    std  a1, [s0+CT_PEAK]
    movi a1, CT_RUNS
    std  a1, [s0+CT_STATE]
    movi a1, 1
    std  a1, [s0+CT_NEXT_PID]
    ldd  a1, [s3+CN_FLAGS]
    std  a1, [s0+CT_FLAGS]
    ldd  a1, [s3+CN_MEMORY]
    shri a1, a1, PAGE_SHIFT - 10
    bnez a1, .limited
    movi a1, -1
.limited:
    std  a1, [s0+CT_LIMIT]
    addi a0, s0, CT_NAME
    addi a1, s3, CN_NAME
    movi a2, 2 * NAME_MAX               ; CT_LAYER follows, as CN_LAYER does
    call memcpy
    mov  a0, s0
    ldd  a1, [s3+CN_SHARES]
    ldd  a2, [s3+CN_QUOTA]
    call ct_account_open
    LEAVE 2

; Container a0 is no more, but its account can still be read. proc_lock held.
ct_free:
    ENTER 1
    mov  s0, a0
    call upper_drop
    std  zero, [s0+CT_STATE]
    la   a1, containers_used
    ldd  a2, [a1]
    addi a2, a2, -1
    std  a2, [a1]
    LEAVE 1

; Task a0 begins in container a2, or leaves its container a1 for good: its parent knows. proc_lock held.
ct_join:
    ldd  a3, [a2+CT_NEXT_PID]
    addi a4, a3, 1
    std  a4, [a2+CT_NEXT_PID]
    std  a3, [a0+T_VPID]
    ldd  a3, [a2+CT_TASKS]
    std  a3, [a0+T_CT_NEXT]
    std  a0, [a2+CT_TASKS]
    ldd  a3, [a2+CT_INIT]
    bnez a3, .not_first
    std  a0, [a2+CT_INIT]
    ldd  a3, [a0+T_PID]
    std  a3, [a2+CT_PID]
.not_first:
    ldd  a3, [a2+CT_STATE]
    addi a3, a3, -CT_ENDING
    bnez a3, .runs
    movi a3, RESCHED_END
    std  a3, [a0+T_RESCHED]
.runs:
    ret
ct_leave:
    addi a2, a1, CT_TASKS
.look:
    ldd  a3, [a2]
    beq  a3, a0, .found
    addi a2, a3, T_CT_NEXT
    jmp  .look
.found:
    ldd  a3, [a0+T_CT_NEXT]
    std  a3, [a2]
    ldd  a3, [a1+CT_TASKS]
    mov  a0, a1
    beqz a3, ct_free
    ret

; ---- the end ------------------------------------------------------------------------------------
; All tasks of container a0 are to end with status a1: those that run at the next way back to their program, those that sleep
; now, unless they wait for a device, which will answer. out a0: 1, or 0 if that had been said before.
ct_kill:
    ENTER 4
    mov  s0, a0
    la   s1, proc_lock
    LOCK s1
    ldd  a0, [s0+CT_STATE]
    addi a0, a0, -CT_RUNS
    bnez a0, .before
    movi a0, CT_ENDING
    std  a0, [s0+CT_STATE]
    std  a1, [s0+CT_STATUS]
    ARCH_IRQ_SAVE s3
    la   a0, sched_lock
    LOCK a0
    ldd  s2, [s0+CT_TASKS]
.task:
    beqz s2, .all
    ldd  a0, [s2+T_RESCHED]
    ori  a0, a0, RESCHED_END
    std  a0, [s2+T_RESCHED]
    ldd  a0, [s2+T_STATE]
    addi a0, a0, -SLEEPING
    bnez a0, .next
    ldd  a1, [s2+T_QUEUE]
.link:
    beqz a1, .next
    ldd  a2, [a1]
    beq  a2, s2, .found
    addi a1, a2, T_NEXT
    bnez a2, .link
    jmp  .next
.found:
    ldd  a2, [s2+T_NEXT]
    std  a2, [a1]
    mov  a0, s2
    call make_runnable
.next:
    ldd  s2, [s2+T_CT_NEXT]
    jmp  .task
.all:
    la   a0, sched_lock
    UNLOCK a0
    ARCH_IRQ_RESTORE s3
    UNLOCK s1
    movi a0, 1
    LEAVE 4
.before:
    UNLOCK s1
    mov  a0, zero
    LEAVE 4

; The running task ends because its container does.
ct_exit:
    ARCH_STI
    CURRENT a0
    ldd  a0, [a0+T_CT]
    ldd  a0, [a0+CT_STATUS]
    jmp  sys_exit

; The first task of container a0 ends, with status s3, and so all others must: it waits for them, as orphans are its children.
ct_end:
    ENTER 0
    mov  a1, s3
    call ct_kill
    CURRENT a0
    std  zero, [a0+T_RESCHED]           ; it is on its way out itself
.next:
    mov  a0, zero
    call sys_wait
    bgez a0, .next
    LEAVE 0

; poweroff(a0) by a task of container a1; a5: frame. As on Linux the container has ended, and not the machine, unless whoever made
; it gave it that right.
ct_poweroff:
    ldd  a2, [a1+CT_FLAGS]
    andi a2, a2, CT_MAY_STOP
    bnez a2, poweroff
    ENTER 0
    mov  a2, a0
    mov  a0, a1
    mov  a1, a2
    call ct_kill
    mov  a0, zero
    LEAVE 0

; Container a0 could not have the page that a program touched. out a0: 1 if its limit is the reason: then it ends, alone, with a message.
ct_out_of_memory:
    ENTER 1
    mov  s0, a0
    ldd  a0, [s0+CT_FAILS]
    beqz a0, .no
    mov  a0, s0
    movi a1, -256 - VEC_NO_MEMORY
    call ct_kill
    beqz a0, .said
    la   a0, print_lock
    LOCK a0
    PRINT "toyos: container "
    addi a0, s0, CT_NAME
    call puts
    PRINT " ends: out of memory, its limit is "
    ldd  a0, [s0+CT_LIMIT]
    shli a0, a0, PAGE_SHIFT - 10
    call put_decimal
    PRINT " KiB\n"
    la   a0, print_lock
    UNLOCK a0
.said:
    movi a0, 1
.no:
    LEAVE 1

; ---- what is seen -------------------------------------------------------------------------------
; uname(address): 24 bytes for the kernel's name, which is the same everywhere, and 24 for the host's, which is not.
sys_uname:
    ENTER 1
    mov  s0, a0
    la   a1, .kernel
    movi a2, NAME_MAX
    call copy_to_user
    bnez a0, .out
    call ct_name
    mov  a1, a0
    addi a0, s0, NAME_MAX
    movi a2, NAME_MAX
    call copy_to_user
.out:
    LEAVE 1
.kernel:
    .asciz "toyos"
    .space NAME_MAX - 6

; setname(text): the host name, of the caller's container.
sys_setname:
    ENTER 2
    addi sp, sp, -NAME_MAX
    mov  a1, a0
    mov  a0, sp
    movi a2, NAME_MAX
    call copy_text_from_user
    bltz a0, .out
    call ct_name
    mov  a1, sp
    movi a2, NAME_MAX
    call memcpy
    mov  a0, zero
.out:
    addi sp, sp, NAME_MAX
    LEAVE 2

; Where the host name is that the running task sees. out a0. Loses t0.
ct_name:
    CURRENT a0
    ldd  a0, [a0+T_CT]
    bnez a0, .container
    la   a0, containers
.container:
    addi a0, a0, CT_NAME
    ret

; processes(address, room): the numbers of the processes that the caller can name, at most room words. out a0: how many there are.
.equ PROCESSES_MAX, 32
sys_processes:
    ENTER 4
    addi sp, sp, -8 * PROCESSES_MAX
    mov  s2, a0
    mov  s3, a1
    la   a0, init_task
    ldd  s0, [a0]
    CURRENT a1
    ldd  a1, [a1+T_CT]
    beqz a1, .tree
    ldd  s0, [a1+CT_INIT]
.tree:
    la   a4, proc_lock
    LOCK a4
    mov  s1, zero
    mov  a1, s0
.visit:
    movi a2, PROCESSES_MAX
    bgeu s1, a2, .done
    mov  a0, a1
    call pid_of
    shli a2, s1, 3
    add  a2, a2, sp
    std  a0, [a2]
    addi s1, s1, 1
    ldd  a2, [a1+T_CHILD]
    beqz a2, .up
    mov  a1, a2
    jmp  .visit
.up:
    beq  a1, s0, .done
    ldd  a2, [a1+T_SIBLING]
    ldd  a1, [a1+T_PARENT]
    beqz a2, .up
    mov  a1, a2
    jmp  .visit
.done:
    UNLOCK a4
    bgeu s1, s3, .room
    mov  s3, s1
.room:
    mov  a0, s2
    mov  a1, sp
    shli a2, s3, 3
    call copy_to_user
    bnez a0, .out
    mov  a0, s1
.out:
    addi sp, sp, 8 * PROCESSES_MAX
    LEAVE 4
