; sched.s: tasks take turns. One queue of tasks that can run, first come first served, shared by all processors; one lock, sched_lock,
; which guards that queue, all wait queues and the tasks' states. A task that switches away holds the lock until the next one
; has taken over on its own stack: nobody can wake it up, and run it elsewhere, while it still stands on the old one.

; Puts task a0 at the end of the run queue. Lock held.
run_queue_add:
    std  zero, [a0+T_NEXT]
    la   t0, run_tail
    ldd  t1, [t0]
    std  a0, [t0]
    beqz t1, .first
    std  a0, [t1+T_NEXT]
    ret
.first:
    la   t0, run_head
    std  a0, [t0]
    ret

; Switches to the next task in the run queue, or to the idle task. The running task has already been put where it belongs: the run
; queue, a wait queue, nowhere. Lock held, interrupts off; still so on return, perhaps much later and on another processor.
schedule:
    ENTER 2
    CURRENT s0
    ldd  a1, [s0+T_RESCHED]
    andi a1, a1, RESCHED_END
    std  a1, [s0+T_RESCHED]
    ldd  a1, [s0+T_CPU]
    la   t0, containers_used
    ldd  t0, [t0]
    bnez t0, .by_account
    la   t0, run_head
    ldd  s1, [t0]
    beqz s1, .idle
    ldd  t1, [s1+T_NEXT]
    std  t1, [t0]
    bnez t1, .got
    la   t0, run_tail
    std  zero, [t0]
    jmp  .got
.by_account:                            ; (cgroup.s)
    call ct_account
    call ct_pick
    ldd  a1, [s0+T_CPU]
    mov  s1, a0
    bnez s1, .got
.idle:
    ldd  s1, [a1+CPU_IDLE]
.got:
    beq  s0, s1, .same
    ldd  a2, [s0+T_MAGIC]
    li   a3, TASK_MAGIC
    bne  a2, a3, .overflow
    ldd  a0, [s1+T_MM]
    call mm_switch
    ldd  a1, [s0+T_CPU]
    std  a1, [s1+T_CPU]
    std  s1, [a1+CPU_CURRENT]
    addi a2, s1, PAGE
    ARCH_SET_KSTACK a1, a2
    mov  a0, s0
    mov  a1, s1
    call switch_to
.same:
    LEAVE 2
.overflow:
    PANIC "a kernel stack has overflowed"

; The switch itself: from task a0 to task a1. What the calling convention says is lost in a call need not be saved.
switch_to:
    push s0, s1, s2, s3, lr
    std  sp, [a0+T_SP]
    ldd  sp, [a1+T_SP]
    pop  s0, s1, s2, s3, lr
    ret

; A new task's first steps: switch_to "returns" here, to go on at s0.
task_start:
    la   a0, sched_lock
    UNLOCK a0
    jr   s0

; Gives the others a chance.
yield:
    ENTER 1
    ARCH_IRQ_SAVE s0
    la   a0, sched_lock
    LOCK a0
    CURRENT a0
    call run_queue_add
    call schedule
    la   a0, sched_lock
    UNLOCK a0
    ARCH_IRQ_RESTORE s0
    LEAVE 1

; A task is about to go back to its program, but T_RESCHED, a0, says: its time is over, or it must end. Interrupts off.
resched:
    andi a0, a0, RESCHED_END
    beqz a0, yield
    jmp  ct_exit

; Waits in the wait queue whose head is at a0. in a1: a lock that guards the condition waited for: given up only when the
; task is in the queue, so that no wake-up is missed, and taken again before the return. The caller then looks at its
; condition again. A task whose container ends does not come back.
sleep_on:
    CURRENT a2
    std  a0, [a2+T_QUEUE]
    push lr
    call sleep_on_device
    pop  lr
    CURRENT a2
    std  zero, [a2+T_QUEUE]
    ldd  a2, [a2+T_RESCHED]
    andi a2, a2, RESCHED_END
    bnez a2, .end
    ret
.end:
    UNLOCK a1
    jmp  ct_exit
; The same for what is certain to come, and must be waited for: it leaves the lock's address in a1.
sleep_on_device:
    ENTER 2
    mov  s1, a1
    ARCH_IRQ_SAVE s0
    la   a2, sched_lock
    LOCK a2
    CURRENT a1
    ldd  a2, [a1+T_RESCHED]
    andi a2, a2, RESCHED_END
    bnez a2, .ends
.sleep:
    movi a2, SLEEPING
    std  a2, [a1+T_STATE]
    ldd  a2, [a0]
    std  a2, [a1+T_NEXT]
    std  a1, [a0]
    UNLOCK s1
    call schedule
    la   a0, sched_lock
    UNLOCK a0
    ARCH_IRQ_RESTORE s0
    LOCK s1
.out:
    mov  a1, s1
    LEAVE 2
.ends:
    ldd  a2, [a1+T_QUEUE]
    beqz a2, .sleep                     ; for a device
    la   a0, sched_lock
    UNLOCK a0
    ARCH_IRQ_RESTORE s0
    jmp  .out

; Wakes up all who wait in the queue whose head is at a0. Also from interrupts.
wake_up:
    ENTER 3
    mov  s0, a0
    ARCH_IRQ_SAVE s1
    la   a1, sched_lock
    LOCK a1
    ldd  s2, [s0]
    std  zero, [s0]
.next:
    beqz s2, .done
    mov  a0, s2
    ldd  s2, [s2+T_NEXT]
    call make_runnable
    jmp  .next
.done:
    la   a1, sched_lock
    UNLOCK a1
    ARCH_IRQ_RESTORE s1
    LEAVE 3

; Task a0, in no queue, can run again; a processor that has nothing to do is told. Lock held.
make_runnable:
    ENTER 0
    std  zero, [a0+T_STATE]             ; RUNNING
    la   a2, containers_used
    ldd  a2, [a2]
    beqz a2, .queue
    call ct_catch_up
.queue:
    call run_queue_add
    la   a2, idle_cpus
    ldd  a3, [a2]
    beqz a3, .done
    ; The lowest idle processor; off the list, so that the next task wakes another one.
    mov  a0, zero
    movi a1, 1
.bit:
    and  a4, a3, a1
    bnez a4, .found
    addi a0, a0, 1
    shli a1, a1, 1
    jmp  .bit
.found:
    xor  a3, a3, a1
    std  a3, [a2]
    CURRENT a1
    ldd  a1, [a1+T_CPU]
    ldd  a1, [a1+CPU_ID]
    beq  a0, a1, .done                  ; ourselves, woken up by this very interrupt
    movi a1, VEC_RESCHED
    call send_ipi
.done:
    LEAVE 0

; The idle task of each processor: looks for work, and halts until an interrupt may have brought some. Interrupts stay off from
; the look at the queue to the halt: nothing can be missed in between.
idle:
    ARCH_CLI
    la   a0, sched_lock
    LOCK a0
    la   a1, run_head
    ldd  a1, [a1]
    CURRENT s0
    ldd  s0, [s0+T_CPU]
    ldd  s0, [s0+CPU_ID]
    movi a2, 1
    shl  s0, a2, s0                     ; our bit
    la   s1, idle_cpus
    beqz a1, .halt
    la   a2, containers_used
    ldd  a2, [a2]
    beqz a2, .work
    call ct_find                        ; they may all have to wait for their quota
    mov  a1, a0
    la   a0, sched_lock
    bnez a1, .work
.halt:
    ldd  a2, [s1]
    or   a2, a2, s0
    std  a2, [s1]
    UNLOCK a0
    ARCH_IDLE
    jmp  idle
.work:
    ldd  a2, [s1]
    not  a3, s0
    and  a2, a2, a3
    std  a2, [s1]
    call schedule                       ; comes back when there is nothing left to do
    la   a0, sched_lock
    UNLOCK a0
    jmp  idle

; ---- time ---------------------------------------------------------------------------------------
; Every processor, every millisecond. Round robin: who was interrupted goes to the end of the queue, if there is one.
timer_tick:
    ENTER 3
    CURRENT s0
    ldd  a0, [s0+T_CPU]
    ldd  a1, [a0+CPU_TICKS]
    addi a1, a1, 1
    std  a1, [a0+CPU_TICKS]
    la   a1, containers_used
    ldd  a1, [a1]
    bnez a1, .accounts
.accounted:
    la   a1, run_head
    ldd  a1, [a1]
    beqz a1, .alone
    ldd  a1, [s0+T_RESCHED]
    ori  a1, a1, RESCHED_TIME
    std  a1, [s0+T_RESCHED]
.alone:
    ldd  a0, [a0+CPU_ID]
    bnez a0, .done
    ; Processor 0 keeps the time.
    la   a0, jiffies
    ldd  s2, [a0]
    addi s2, s2, 1
    std  s2, [a0]
    la   a0, sleepers
    ldd  a1, [a0]
    beqz a1, .done
    ; Whose time has come? They leave the list of sleepers, the others stay.
    la   a1, sched_lock
    LOCK a1
    la   s0, sleepers
.sleeper:
    ldd  a0, [s0]
    beqz a0, .unlock
    ldd  a1, [a0+T_WAKE]
    bltu s2, a1, .stays
    ldd  a1, [a0+T_NEXT]
    std  a1, [s0]
    call make_runnable
    jmp  .sleeper
.stays:
    addi s0, a0, T_NEXT
    jmp  .sleeper
.unlock:
    la   a1, sched_lock
    UNLOCK a1
.done:
    LEAVE 3
.accounts:
    call ct_tick
    ldd  a0, [s0+T_CPU]
    jmp  .accounted

; sleep(ticks)
sys_sleep:
    ENTER 1
    CURRENT a1
    la   a2, jiffies
    ldd  a2, [a2]
    add  s0, a0, a2
    std  s0, [a1+T_WAKE]
.again:
    la   a1, sleep_lock
    LOCK a1
    la   a0, sleepers
    call sleep_on
    la   a1, sleep_lock
    UNLOCK a1
    la   a2, jiffies
    ldd  a2, [a2]
    bltu a2, s0, .again
    mov  a0, zero
    LEAVE 1
