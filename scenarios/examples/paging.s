; paging.s: builds page tables of as many levels as the machine has, turns paging on, and touches one
; page by two addresses. Afterwards: exec paging --registers --dump-memory ram, and translate --memory ram.
        .include "bare.inc"
        .equ    TABLES, 0x100000        ; room for the tables
        .equ    ALIAS,  0x600000        ; maps to the frame of `cell`

start:  li      sp, 0x80000
        li      a0, 0x80000008          ; CPUID says how wide a virtual address is: 12 + 9 x levels
        cpuid
        shri    a0, a0, 8
        andi    a0, a0, 0xff
        addi    a0, a0, -12
        movi    a1, 9
        div     s0, a0, a1              ; s0: levels

; one table a level, each pointing to the next in its entry 0
        li      s1, TABLES
        mov     s2, s1
        movi    a2, 2
.down:  ble     s0, a2, .level2
        addi    s2, s2, 0x1000
        ori     a0, s2, PTE_P | PTE_W
        addi    a1, s2, -0x1000
        std     a0, [a1]
        dec     s0
        jmp     .down
.level2:
        movi    a0, PTE_P | PTE_W | PTE_PS
        std     a0, [s2]                ; 0 to 2 MiB: itself, as one huge page
        addi    a1, s2, 0x1000          ; a level-1 table for ALIAS
        ori     a0, a1, PTE_P | PTE_W
        std     a0, [s2+8*(ALIAS >> 21)]
        la      a0, cell
        ori     a0, a0, PTE_P | PTE_W
        std     a0, [a1]

        lptbr   s1
        li      a0, 0x80010000          ; PG and WP
        lmsw    a0

        li      s3, ALIAS
        movi    a0, 42
        std     a0, [s3]                ; written by one address
        la      a1, cell
        ldd     a0, [a1]                ; read by the other
        movi    a1, 42
        bne     a0, a1, wrong
        print   good
        power_off
wrong:  power_off 1

        .rodata
good:   .asciz  "Two addresses, one page.\n"
        .bss
        .align  4096
cell:   .space  4096
; expect "Two addresses, one page."
; expect [cell] = 42
; expect msw = 0x80010000
