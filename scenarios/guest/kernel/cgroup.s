; cgroup.s: control groups: what a container may use, and what it has used. Memory is counted where it is given (mm.s). Processor
; time is counted here, by the time stamp, at each switch and each tick. Whose account is due is decided by weighted fair
; queueing: each account has a clock that runs the slower the greater its weight, and the one that is behind goes first. An
; account with a quota waits for the next period when it has used up this one. While there is no container, none of this runs.

; Opens the account of container a0: a1 weight, a2 per cent of a processor; 0: the usual. proc_lock held.
ct_account_open:
    ENTER 1
    mov  s0, a0
    bnez a1, .weighted
    movi a1, SHARES_DEFAULT
.weighted:
    li   a0, SHARES_DEFAULT << PACE_SHIFT
    div  a0, a0, a1
    std  a0, [s0+CT_PACE]
    push a2
    movi a0, 0x16                       ; a0: MHz
    ARCH_CPUID
    pop  a2
    mul  a0, a0, a2
    li   a1, QUOTA_TICKS * 1000 / 100   ; cycles a period, of one per cent of 1 MHz
    mul  a0, a0, a1
    std  a0, [s0+CT_QUOTA]
    la   a0, vtime_floor
    ldd  a0, [a0]
    std  a0, [s0+CT_VTIME]
    la   a1, containers_used
    ldd  a2, [a1]
    bnez a2, .open
    ; The first: the account of those outside is as old, and no processor owes time from before.
    la   a3, containers
    std  a0, [a3+CT_VTIME]
    li   a0, 1 << PACE_SHIFT
    std  a0, [a3+CT_PACE]
    rdtsc a0
    la   a3, cpu_structs
    movi a4, CPUS_MAX
.cpu:
    std  a0, [a3+CPU_SINCE]
    addi a3, a3, CPU_SIZE
    addi a4, a4, -1
    bnez a4, .cpu
.open:
    addi a2, a2, 1
    std  a2, [a1]
    LEAVE 1

; The account of task ra. Loses nothing else.
.macro ACCOUNT_OF rd, ra
    ldd  \rd, [\ra+T_CT]
    bnez \rd, .account\@
    la   \rd, containers
.account\@:
.endm

; Puts the time since the last call on this processor to the running task's account. sched_lock held, interrupts off. Loses a0-a3, t0.
ct_account:
    CURRENT a0
    ldd  a1, [a0+T_CPU]
    rdtsc a2
    ldd  a3, [a1+CPU_SINCE]
    std  a2, [a1+CPU_SINCE]
    sub  a2, a2, a3
    ldd  a3, [a1+CPU_IDLE]
    beq  a3, a0, .idle
    ACCOUNT_OF a1, a0
    ldd  a3, [a1+CT_CYCLES]
    add  a3, a3, a2
    std  a3, [a1+CT_CYCLES]
    ldd  a3, [a1+CT_USED]
    add  a3, a3, a2
    std  a3, [a1+CT_USED]
    ldd  t0, [a1+CT_PACE]
    mul  a2, a2, t0
    shri a2, a2, PACE_SHIFT
    ldd  a3, [a1+CT_VTIME]
    add  a3, a3, a2
    std  a3, [a1+CT_VTIME]
.idle:
    ret

; Task a0 can run again: however long its account has used nothing, it has no more claim than the neediest of the others.
; sched_lock held. Keeps a0.
ct_catch_up:
    ACCOUNT_OF a2, a0
    la   a3, vtime_floor
    ldd  a3, [a3]
    ldd  a4, [a2+CT_VTIME]
    bgeu a4, a3, .ahead
    std  a3, [a2+CT_VTIME]
.ahead:
    ret

; The first task in the run queue of the account that is furthest behind. sched_lock held. out a0: address of the link to it, or 0;
; a4: its account's clock. Loses a1-a3, t0.
ct_find:
    la   a1, run_head
    mov  a0, zero
.next:
    ldd  a2, [a1]
    beqz a2, .done
    ACCOUNT_OF a3, a2
    ldd  t0, [a3+CT_THROTTLED]
    bnez t0, .other
    ldd  t0, [a3+CT_VTIME]
    beqz a0, .better
    bgeu t0, a4, .other
.better:
    mov  a0, a1
    mov  a4, t0
.other:
    addi a1, a2, T_NEXT
    jmp  .next
.done:
    ret

; Takes that task out of the queue. out a0: it, or 0.
ct_pick:
    ENTER 0
    call ct_find
    beqz a0, .none
    ldd  a1, [a0]
    ldd  a2, [a1+T_NEXT]
    std  a2, [a0]
    bnez a2, .not_last
    la   t0, run_head
    beq  a0, t0, .empty
    addi a2, a0, -T_NEXT                ; the one before it is the last now
.empty:
    la   t0, run_tail
    std  a2, [t0]
.not_last:
    la   t0, vtime_floor
    ldd  a2, [t0]
    bgeu a2, a4, .floor
    std  a4, [t0]
.floor:
    mov  a0, a1
.none:
    LEAVE 0

; Every tick: is somebody's quota used up? And, on processor 0, is the period over? Interrupts off.
ct_tick:
    ENTER 2
    la   s0, sched_lock
    LOCK s0
    call ct_account
    CURRENT s1
    ldd  a1, [s1+T_CT]
    beqz a1, .goes_on
    ldd  a2, [a1+CT_THROTTLED]
    bnez a2, .stop
    ldd  a2, [a1+CT_QUOTA]
    beqz a2, .goes_on
    ldd  a3, [a1+CT_USED]
    bltu a3, a2, .goes_on
    movi a2, 1
    std  a2, [a1+CT_THROTTLED]
    ldd  a2, [a1+CT_WAITS]
    addi a2, a2, 1
    std  a2, [a1+CT_WAITS]
.stop:
    ldd  a2, [s1+T_RESCHED]
    ori  a2, a2, RESCHED_TIME
    std  a2, [s1+T_RESCHED]
.goes_on:
    ldd  a1, [s1+T_CPU]
    ldd  a1, [a1+CPU_ID]
    bnez a1, .done
    la   a1, jiffies
    ldd  a1, [a1]
    movi a2, QUOTA_TICKS
    rem  a1, a1, a2
    beqz a1, .period
.done:
    UNLOCK s0
    LEAVE 2
    ; What was used beyond the quota, because ticks are far apart, is taken off the next one.
.period:
    la   a0, containers
    li   a1, CT_MAX * CT_SIZE
    add  a1, a0, a1
.each:
    ldd  a2, [a0+CT_QUOTA]
    ldd  a3, [a0+CT_USED]
    bltu a3, a2, .all
    sub  a3, a3, a2
    jmp  .used
.all:
    mov  a3, zero
.used:
    std  a3, [a0+CT_USED]
    bltu a3, a2, .free
    bnez a2, .next                      ; still in debt
.free:
    std  zero, [a0+CT_THROTTLED]
.next:
    addi a0, a0, CT_SIZE
    bltu a0, a1, .each
    jmp  .done

; cgroup(process number of a container's first, address): its account. Inside a container: its own, whatever the number.
sys_cgroup:
    ENTER 1
    addi sp, sp, -CG_SIZE
    mov  s0, a1
    CURRENT a1
    ldd  a1, [a1+T_CT]
    bnez a1, .found
    la   a1, containers
    li   a2, CT_MAX * CT_SIZE
    add  a2, a1, a2
.look:
    addi a1, a1, CT_SIZE
    bgeu a1, a2, .none
    ldd  a3, [a1+CT_PID]
    bne  a3, a0, .look
.found:
    ldd  a2, [a1+CT_CYCLES]
    std  a2, [sp+CG_CYCLES]
    ldd  a2, [a1+CT_WAITS]
    std  a2, [sp+CG_WAITS]
    ldd  a2, [a1+CT_FRAMES]
    std  a2, [sp+CG_FRAMES]
    ldd  a2, [a1+CT_PEAK]
    std  a2, [sp+CG_PEAK]
    ldd  a2, [a1+CT_FAILS]
    std  a2, [sp+CG_FAILS]
    mov  a0, s0
    mov  a1, sp
    movi a2, CG_SIZE
    call copy_to_user
.out:
    addi sp, sp, CG_SIZE
    LEAVE 1
.none:
    movi a0, -ENOENT
    jmp  .out
