; proc.s: a process is born as a copy of another (fork), becomes a different program (exec), ends (exit), and is asked for its last
; word by its parent (wait). proc_lock guards who is whose child, and who has ended.

; A new task structure in a page of its own, which is its kernel stack as well. out a0: it, or 0.
task_new:
    ENTER 0
    call frame_alloc
    beqz a0, .none
    P2V  a0, a0
    addi a1, a0, T_SIZE
    mov  a2, a0
.clear:
    std  zero, [a2]
    addi a2, a2, 8
    bltu a2, a1, .clear
    li   a1, TASK_MAGIC
    std  a1, [a0+T_MAGIC]
.none:
    LEAVE 0

; Task a0 will first run at address a1, with the stack below a2.
task_prepare:
    la   a3, task_start
    addi a2, a2, -40                    ; as switch_to leaves it: s0-s3, lr
    std  a1, [a2]
    std  zero, [a2+8]
    std  zero, [a2+16]
    std  zero, [a2+24]
    std  a3, [a2+32]
    std  a2, [a0+T_SP]
    ret

; The number of task a0 as the running task sees it. out a0. Loses t0.
pid_of:
    CURRENT t0
    ldd  t0, [t0+T_CT]
    beqz t0, .outside
    ldd  a0, [a0+T_VPID]
    ret
.outside:
    ldd  a0, [a0+T_PID]
    ret

; Task a0 becomes a child of task a1, with a number of its own, and may run.
task_adopt:
    ENTER 3
    mov  s0, a0
    la   s1, proc_lock
    LOCK s1
    la   a2, next_pid
    ldd  a3, [a2]
    addi a4, a3, 1
    std  a4, [a2]
    std  a3, [s0+T_PID]
    std  a3, [s0+T_VPID]
    std  a1, [s0+T_PARENT]
    ldd  a2, [a1+T_CHILD]
    std  a2, [s0+T_SIBLING]
    std  s0, [a1+T_CHILD]
    ldd  a2, [s0+T_CT]
    beqz a2, .no_container
    mov  a0, s0
    call ct_join
.no_container:
    UNLOCK s1
    mov  a0, s0
    call pid_of
    mov  s2, a0                         ; once it runs, it may be gone before we look
    ARCH_IRQ_SAVE s1
    la   a0, sched_lock
    LOCK a0
    mov  a0, s0
    call make_runnable
    la   a0, sched_lock
    UNLOCK a0
    ARCH_IRQ_RESTORE s1
    mov  a0, s2
    LEAVE 3

; The child's share of what fork and thread have in common: name, open files, a frame like the parent's with result 0.
; in a0: child; a1: the parent's frame. out a0: the child's frame.
task_inherit:
    ENTER 3
    mov  s0, a0
    mov  s1, a1
    CURRENT s2
    movi a2, T_NAME
.name:
    add  a3, s2, a2
    ldd  t0, [a3]
    add  a3, s0, a2
    std  t0, [a3]
    addi a2, a2, 8
    movi a3, T_FILES
    bltu a2, a3, .name
.file:
    add  a3, s2, a2
    ldd  a0, [a3]
    add  a3, s0, a2
    std  a0, [a3]
    beqz a0, .no_file
    addi a0, a0, F_REFS
    movi a1, 1
    call atomic_add
.no_file:
    addi a2, a2, 8
    movi a3, T_FILES + 8 * FILES_MAX
    bltu a2, a3, .file
    ldd  a2, [s2+T_CT]
    std  a2, [s0+T_CT]
    mov  a2, s0
    li   a0, PAGE - TF_SIZE
    add  s0, s0, a0                     ; the frame
    mov  a0, s0
    mov  a3, s0
    addi t2, s1, TF_SIZE
.each:
    ldd  t0, [s1]
    std  t0, [a3]
    addi s1, s1, 8
    addi a3, a3, 8
    bltu s1, t2, .each
    std  zero, [s0+TF_A0]
    mov  a0, a2
    la   a1, trap_exit
    mov  a2, s0
    call task_prepare
    mov  a0, s0
    LEAVE 3

; fork(): a second process that differs only in the result.
sys_fork:
    CURRENT a4
    ldd  a4, [a4+T_CT]
; The same, the new one in container a4. in a5: trap frame.
fork_into:
    ENTER 4
    mov  s2, a5
    mov  s3, a4
    call task_new
    beqz a0, .no_task
    mov  s0, a0
    call mm_new
    beqz a0, .no_mm
    std  a0, [s0+T_MM]
    CURRENT a1
    ldd  a1, [a1+T_MM]
    call mm_copy
    bnez a0, .no_pages
    mov  a0, s0
    mov  a1, s2
    call task_inherit
    std  s3, [s0+T_CT]
    mov  a0, s0
    CURRENT a1
    call task_adopt
    LEAVE 4
.no_pages:
    ldd  a0, [s0+T_MM]
    call mm_put
.no_mm:
    V2P  a0, s0
    call frame_put
.no_task:
    movi a0, -ENOMEM
    LEAVE 4

; thread(entry, stack, argument): a task in the same address space. It ends with exit, and is waited for as a child.
sys_thread:
    ENTER 4
    mov  s1, a5
    mov  s2, a0
    push a1, a2
    call task_new
    beqz a0, .none
    mov  s0, a0
    CURRENT a1
    ldd  s3, [a1+T_MM]
    std  s3, [s0+T_MM]
    LOCK s3
    ldd  a2, [s3+MM_REFS]
    addi a2, a2, 1
    std  a2, [s3+MM_REFS]
    UNLOCK s3
    mov  a1, s1
    call task_inherit
    pop  a1, a2
    std  s2, [a0+TF_PC]
    std  a1, [a0+TF_SP]
    std  a2, [a0+TF_A0]
    mov  a0, s0
    CURRENT a1
    call task_adopt
    LEAVE 4
.none:
    addi sp, sp, 16
    movi a0, -ENOMEM
    LEAVE 4

; exit(status): never returns. The parent learns of it in wait.
sys_exit:
    mov  s3, a0
    CURRENT s0
    std  s3, [s0+T_EXIT]
    la   a0, init_task
    ldd  a0, [a0]
    beq  a0, s0, .init
    ldd  a0, [s0+T_CT]
    beqz a0, .no_container
    ldd  a1, [a0+CT_INIT]
    bne  a1, s0, .no_container
    call ct_end                         ; a container ends with its first process
.no_container:
    call files_close
    mov  a0, zero
    call mm_replace
    la   s1, proc_lock
    LOCK s1
    ; Children become init's, or that of their container.
    la   a1, init_task
    ldd  a1, [a1]
    ldd  a2, [s0+T_CT]
    beqz a2, .outside
    ldd  a1, [a2+CT_INIT]
.outside:
    ldd  a2, [s0+T_CHILD]
    beqz a2, .no_children
    std  zero, [s0+T_CHILD]
    ldd  s2, [a1+T_CHILD]
    std  a2, [a1+T_CHILD]
.child:
    std  a1, [a2+T_PARENT]
    ldd  a3, [a2+T_SIBLING]
    beqz a3, .last_child
    mov  a2, a3
    jmp  .child
.last_child:
    std  s2, [a2+T_SIBLING]
    addi a0, a1, T_WAITQ                ; one of them may have ended already
    call wake_up
.no_children:
    ARCH_CLI
    la   a0, sched_lock
    LOCK a0
    movi a0, ZOMBIE
    std  a0, [s0+T_STATE]
    ldd  s2, [s0+T_PARENT]
    addi a0, s2, T_WAITQ
    ldd  a1, [a0]
    std  zero, [a0]
    UNLOCK s1
.parent:
    beqz a1, .woken                     ; (as wake_up, but for the lock, which we hold and must keep)
    mov  a0, a1
    ldd  s2, [a1+T_NEXT]
    call make_runnable
    mov  a1, s2
    jmp  .parent
.woken:
    call schedule
    PANIC "a task that has ended runs again"
.init:
    mov  a1, zero
    la   a0, .message
    call panic
.message:
    .asciz "init has ended"
    .align 4

; wait(address for a status or 0): waits for a child to end. out a0: its number, or -ECHILD if there is none.
sys_wait:
    ENTER 4
    mov  s2, a0
    CURRENT s0
    la   s1, proc_lock
    LOCK s1
.look:
    addi a1, s0, T_CHILD                ; address of the link to the child looked at
    ldd  a2, [a1]
    beqz a2, .none
.child:
    ldd  a3, [a2+T_STATE]
    movi a4, ZOMBIE
    beq  a3, a4, .found
    addi a1, a2, T_SIBLING
    ldd  a2, [a1]
    bnez a2, .child
    addi a0, s0, T_WAITQ
    mov  a1, s1
    call sleep_on
    jmp  .look
.found:
    ldd  a3, [a2+T_SIBLING]
    std  a3, [a1]
    mov  s3, a2
    mov  a0, a2
    call pid_of
    push a0
    ldd  a1, [s3+T_CT]
    beqz a1, .no_container
    mov  a0, s3
    call ct_leave
.no_container:
    UNLOCK s1
    ; It may still be on its way to another task, on the stack we are about to free: sched_lock is free when it is not.
    ARCH_IRQ_SAVE a3
    la   a1, sched_lock
    LOCK a1
    UNLOCK a1
    ARCH_IRQ_RESTORE a3
    pop  s1
    beqz s2, .no_status
    mov  a0, s2
    addi a1, s3, T_EXIT
    movi a2, 8
    call copy_to_user
    beqz a0, .no_status
    mov  s1, a0
.no_status:
    V2P  a0, s3
    call frame_put
    mov  a0, s1
    LEAVE 4
.none:
    UNLOCK s1
    movi a0, -ECHILD
    LEAVE 4
