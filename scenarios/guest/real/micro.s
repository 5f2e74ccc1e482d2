; micro.s: the micro-operations of `ringside real` on the toy machine: the same as real/guest_code.S does on a real processor, so that what the
; simulator predicts can stand beside what really happens. OP_name chooses the operation, done 16 times to warm up and N times more.
        .include "bare.inc"
        .equ ENTRY,  0x67               ; present, writable, ring 3 too, accessed, dirty
        .equ ROOT_A, 0x100000           ; page tables of four levels, as the real guest has them
        .equ PDPT,   0x101000
        .equ PD_LOW, 0x102000
        .equ PT_LOW, 0x103000           ; the first 2 MiB, each page where it is
        .equ ROOT_B, 0x104000
        .equ PT_WIN, 0x105000           ; the window, whose first entry the operations change
        .equ PT_FAR, 0x106000           ; two tables: 1024 pages that nobody has touched
        .equ PD_DEV, 0x108000
        .equ FRAME_X, 0x1f0000
        .equ FRAME_Y, 0x1f1000
        .equ WINDOW, 0x600000
        .equ FAR,    0x800000
        .equ ABSENT, 0x400000
        .equ DISK,   0xfeb00000
        .equ LATCH,  0x80
        .equ TIMER,  0x40
        .equ PING,   0x41
        .equ PONG,   0x42
        .equ OTHER,  0x20000            ; where the second processor begins
        .equ MSR_APIC_BASE, 0x1b
        .equ MSR_DEADLINE, 0x6e0
        .equ IF,     0x200

        .macro  map table, index, to    ; one entry of a table
        li      a0, \to | ENTRY
        li      a1, \table + 8 * (\index)
        std     a0, [a1]
        .endm

start:  li      sp, 0x80000
        la      a0, idt
        lidt    a0
        .ifdef  OP_hypercall
        gate    6, skip
        .endif
        .ifdef  OP_syscall
        gate    13, finish
        .endif
        .ifdef  OP_page_fault
        gate    14, skip
        .endif
        gate    TIMER, tick
        gate    PING, ping
        gate    PONG, pong
        la      a0, stacks
        ltr     a0
        li      a1, 0x90000
        std     a1, [a0]
        li      a0, MSR_LSTAR
        la      a1, system_call
        wrmsr   a0, a1
        call    tables
        call    paging_on
        li      a2, APIC
        li      a0, 2 << 17 | TIMER     ; the timer waits for a deadline
        stw     a0, [a2+0x320]
        li      s1, FAR
        li      s2, ROOT_A
        movi    s3, 0
        .ifdef  OP_ipi
        li      a0, 1 << 24
        stw     a0, [a2+0x310]
        li      a0, 0x600 | OTHER >> 12
        stw     a0, [a2+0x300]
        la      a0, ready
.wait:  pause
        ldd     a1, [a0]
        beqz    a1, .wait
        .endif
        li      s0, 16 + N
        .ifdef  OP_syscall
        la      t1, program
        li      t0, 0x90000
        movi    t2, 0
        sysret
program:
        syscall
        dec     s0
        bnez    s0, program
        hlt                             ; privileged: the handler of #GP ends the run
        .endif
.loop:  call    operation
        dec     s0
        bnez    s0, .loop
finish: power_off
wrong:  power_off 1

tables: mov     t2, lr
        map     ROOT_A, 0, PDPT
        map     ROOT_B, 0, PDPT
        map     PDPT, 0, PD_LOW
        map     PDPT, 3, PD_DEV
        map     PD_LOW, 0, PT_LOW
        map     PD_LOW, WINDOW >> 21, PT_WIN
        map     PD_LOW, FAR >> 21, PT_FAR
        map     PD_LOW, (FAR >> 21) + 1, PT_FAR + 0x1000
        map     PD_DEV, DISK >> 21 & 511, (DISK & ~0x1fffff) | PTE_PS
        map     PD_DEV, APIC >> 21 & 511, (APIC & ~0x1fffff) | PTE_PS
        map     PT_WIN, 0, FRAME_X
        li      a2, PT_LOW
        movi    a1, 0
        movi    a3, 512
        li      a0, ENTRY
        call    fill
        li      a2, PT_FAR
        movi    a1, 0
        li      a3, 1024
        li      a0, FAR | ENTRY
        call    fill
        li      a0, FRAME_X             ; each frame holds its own address
        std     a0, [a0]
        li      a0, FRAME_Y
        std     a0, [a0]
        jalr    zero, t2, 0
; a3 entries from a2 on, the first of them a0, each for the next page
fill:   std     a0, [a2]
        addi    a2, a2, 8
        addi    a0, a0, 0x800
        addi    a0, a0, 0x800
        inc     a1
        blt     a1, a3, fill
        ret

paging_on:
        li      a0, ROOT_A
        lptbr   a0
        li      a0, 0x80010000
        lmsw    a0
        ret

; the page at a0 must be the one that the entry in a2 says
        .macro  check_window
        ldd     a1, [a0]
        shri    a2, a2, 12
        shri    a1, a1, 12
        bne     a1, a2, wrong
        .endm

; ---- the operations ---------------------------------------------------------------------------------
operation:
        .ifdef  OP_hypercall
        hcall                           ; nobody offers hypercalls here: #UD, which `skip` answers
        .endif
        .ifdef  OP_cpuid
        movi    a0, 0
        cpuid
        .endif
        .ifdef  OP_pio_user
        movi    a0, 0
        out     a0, [zero+CONSOLE]
        .endif
        .ifdef  OP_pio_kernel
        in      a0, [zero+LATCH]
        .endif
        .ifdef  OP_mmio
        li      a1, DISK
        std     zero, [a1+0x10]
        .endif
        .ifdef  OP_ept_violation
        std     s1, [s1]
        li      a0, 0x1000
        add     s1, s1, a0
        .endif
        .ifdef  OP_cr3_load
        li      a0, ROOT_A ^ ROOT_B
        xor     s2, s2, a0
        lptbr   s2
        .endif
        .ifdef  OP_invlpg
        li      a0, WINDOW
        invlpg  a0
        ldd     a1, [a0]
        .endif
        .ifdef  OP_pte_invlpg
        li      a1, PT_WIN
        ldd     a2, [a1]
        li      a0, FRAME_X ^ FRAME_Y
        xor     a2, a2, a0
        std     a2, [a1]
        li      a0, WINDOW
        invlpg  a0
        check_window
        .endif
        .ifdef  OP_pte_flush
        li      a1, PT_WIN
        ldd     a2, [a1]
        li      a0, FRAME_X ^ FRAME_Y
        xor     a2, a2, a0
        std     a2, [a1]
        lptbr   s2
        li      a0, WINDOW
        check_window
        .endif
        .ifdef  OP_rdmsr
        li      a0, MSR_APIC_BASE
        rdmsr   a1, a0
        .endif
        .ifdef  OP_wrmsr
        li      a0, MSR_DEADLINE
        wrmsr   a0, zero                ; none: nothing happens
        .endif
        .macro  arm_timer              ; 50,000 cycles from now: longer than any exit, and short to simulate
        rdtsc   a1
        li      a0, 50000
        add     a1, a1, a0
        li      a0, MSR_DEADLINE
        wrmsr   a0, a1
        .endm
        .ifdef  OP_hlt
        arm_timer
        sti
        hlt
        cli
        .endif
        .ifdef  OP_timer
        mov     a3, s3
        arm_timer
        sti
.spin:  beq     a3, s3, .spin
        cli
        .endif
        .ifdef  OP_ipi
        li      a2, APIC
        li      a0, 1 << 24
        stw     a0, [a2+0x310]
        movi    a0, PING
        stw     a0, [a2+0x300]
        sti
        hlt
        cli
        .endif
        .ifdef  OP_page_fault
        li      a0, ABSENT
        ldd     a1, [a0]
        .endif
        ret

; ---- handlers -----------------------------------------------------------------------------------------
; A frame is error, pc, ring, flags, sp.
skip:   ldd     t0, [sp+8]              ; goes on behind the instruction that failed
        addi    t0, t0, 4
        std     t0, [sp+8]
        iret
system_call:
        sysret
tick:   inc     s3
pong:   li      t0, APIC
        stw     zero, [t0+0xb0]         ; end of interrupt
asleep: ldd     t0, [sp+24]             ; no further interrupt until the interrupted code asks for one
        andi    t0, t0, 0xdff
        std     t0, [sp+24]
        iret
ping:   li      t0, APIC
        stw     zero, [t0+0xb0]
        stw     zero, [t0+0x310]        ; to processor 0
        movi    t1, PONG
        stw     t1, [t0+0x300]
        jmp     asleep

        .section others, exec, addr=OTHER
other:  li      sp, 0x70000
        la      a0, idt
        lidt    a0
        li      t0, paging_on
        callr   t0
        la      a0, ready
        movi    a1, 1
        std     a1, [a0]
.next:  sti
        hlt
        cli
        jmp     .next

        .bss
        .align  16
idt:    .space  256*16
stacks: .space  24
ready:  .space  8
