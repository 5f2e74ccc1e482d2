; demand.s: demand paging: a loop writes to 16 pages that are not there; the #PF handler maps each on its
; first touch. 16 faults for 64 writes.
        .include "bare.inc"
        .equ    TABLES, 0x100000
        .equ    REGION, 0x40000000      ; 1 GiB
        .equ    FRAMES, 0x200000        ; where the handler takes memory from

start:  li      sp, 0x80000
        la      a0, idt
        lidt    a0
        gate    14, page_fault
        call    build

        li      s0, REGION
        movi    s1, 64
.touch: std     s1, [s0]
        addi    s0, s0, 1024            ; four writes a page
        dec     s1
        bnez    s1, .touch
        la      a0, faults
        ldd     a0, [a0]
        call    put_number
        print   text
        power_off

; maps 0 to 4 MiB to itself and leaves a level-1 table for REGION empty
build:  li      a0, 0x80000008
        cpuid
        shri    a0, a0, 8
        andi    a0, a0, 0xff
        addi    s0, a0, -12             ; 9 x levels
        li      s1, TABLES
        mov     s2, s1
        movi    a2, 27
.down:  ble     s0, a2, .level3         ; the machine has 3 levels or more: 1 GiB is beyond what 2 reach
        addi    a0, s2, 0x1000
        ori     a1, a0, PTE_P | PTE_W
        std     a1, [s2]
        mov     s2, a0
        addi    s0, s0, -9
        jmp     .down
.level3:
        addi    a0, s2, 0x1000          ; level 2 for 0 to 1 GiB
        ori     a1, a0, PTE_P | PTE_W
        std     a1, [s2]
        movi    a1, PTE_P | PTE_W | PTE_PS
        std     a1, [a0]
        li      a1, 0x200000 | PTE_P | PTE_W | PTE_PS
        std     a1, [a0+8]
        addi    a0, s2, 0x2000          ; level 2 for the second GiB
        ori     a1, a0, PTE_P | PTE_W
        std     a1, [s2+8]
        addi    a2, s2, 0x3000          ; its first level-1 table: the handler fills it
        ori     a1, a2, PTE_P | PTE_W
        std     a1, [a0]
        la      a0, table
        std     a2, [a0]
        lptbr   s1
        li      a0, 0x80010000
        lmsw    a0
        ret

page_fault:
        push    a0, a1, a2
        la      a0, faults
        ldd     a1, [a0]
        shli    a2, a1, 12              ; the n-th fault gets the n-th frame
        inc     a1
        std     a1, [a0]
        li      a1, FRAMES | PTE_P | PTE_W
        add     a2, a2, a1
        sfar    a0                      ; which page?
        shri    a0, a0, 12
        andi    a0, a0, 511
        shli    a0, a0, 3
        la      a1, table
        ldd     a1, [a1]
        add     a1, a1, a0
        std     a2, [a1]                ; mapped: the write will be tried again
        pop     a0, a1, a2
        iret

        .rodata
text:   .asciz  " page faults for 64 writes.\n"
        .bss
        .align  16
idt:    .space  256*16
faults: .space  8
table:  .space  8
; expect "16 page faults for 64 writes."
; expect #PF = 16
; expect [0x200000] = 64
; expect [0x20fc00] = 1
