// The code of the micro-guests, as it runs on the real processor in 64-bit long mode. The builder (guest.c) copies it to LAYOUT_CODE and
// makes page tables, descriptor tables and the mailbox around it. It is never executed where the linker puts it.
#if defined __x86_64__
#include "real/layout.h"

        .section .rodata
        .balign 16
        .globl  real_code, real_code_end
real_code:

// ---- the frame around every operation ----------------------------------------------------------------
// rbx mailbox, r12 operations left, r13 next sample, r14 time before, r15 the operation, rbp the page-table base in use
        .globl  real_code_main
real_code_main:
        mov     $LAYOUT_MAILBOX, %ebx
        mov     $LAYOUT_ROOT_A, %ebp
        mov     MAIL_OP(%rbx), %r15
        testb   $SETUP_APIC, MAIL_SETUP(%rbx)
        jz      2f
        call    apic_on
2:      testb   $SETUP_OTHER, MAIL_SETUP(%rbx)
        jz      4f
3:      pause
        cmpq    $0, MAIL_READY(%rbx)
        je      3b
4:      testb   $SETUP_MSR, MAIL_SETUP(%rbx)
        jz      6f
        mov     $0x1a0, %ecx
        rdmsr
        mov     %eax, %r9d
        mov     %edx, %r10d
6:      mov     MAIL_WARM(%rbx), %r12
        call    measure
        mov     $1, %al
        mov     $PORT_MARK, %dx
        out     %al, %dx
        mov     MAIL_COUNT(%rbx), %r12
        call    measure
        mov     $2, %al
        mov     $PORT_MARK, %dx
        out     %al, %dx
5:      pause                           // the host does not come back after the second mark
        jmp     5b

// r12 times the operation, with the cycles that each took. LFENCE: nothing before it is still under way when the clock is read.
measure:
        mov     $LAYOUT_SAMPLES, %r13d
1:      sub     $1, %r12
        jc      2f
        lfence
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        mov     %rax, %r14
        lfence
        call    *%r15
        lfence
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        sub     %r14, %rax
        mov     %rax, (%r13)
        add     $8, %r13
        jmp     1b
2:      ret

// The local APIC is in x2APIC mode: its registers are MSRs.
apic_on:
        mov     $0x80f, %ecx            // spurious vector, and on
        mov     $0x1ff, %eax
        xor     %edx, %edx
        wrmsr
        mov     $0x83e, %ecx            // the timer counts every cycle of its bus: 1 ns under KVM
        mov     $0xb, %eax
        wrmsr
        mov     $0x832, %ecx            // one shot
        mov     $VECTOR_TIMER, %eax
        wrmsr
        ret

// ---- the second processor: answers every ping ----------------------------------------------------------
        .globl  real_code_other
real_code_other:
        mov     $LAYOUT_MAILBOX, %ebx
        call    apic_on
        movq    $1, MAIL_READY(%rbx)
1:      sti                             // takes effect behind HLT: no ping can slip between the two
        hlt
        cli
        jmp     1b

// ---- the operations ---------------------------------------------------------------------------------------
// Called like functions; they may change rax, rcx, rdx, rsi, rdi, r8-r11.
        .macro  operation name
        .balign 16
        .globl  real_op_\name
real_op_\name:
        .endm

        operation nothing
        ret

        operation vmcall
        mov     $0x7fff, %eax           // a number that KVM does not know: it answers with an error
        vmcall
        ret

        operation vmmcall
        mov     $0x7fff, %eax
        vmmcall
        ret

        operation cpuid
        mov     %rbx, %rdi
        xor     %eax, %eax
        xor     %ecx, %ecx
        cpuid
        mov     %rdi, %rbx
        ret

        operation pio_user
        mov     $PORT_USER, %dx
        out     %al, %dx
        ret

        operation pio_kernel
        in      $PORT_PIC, %al
        ret

        operation mmio
        mov     $LAYOUT_DEVICE, %esi
        mov     %eax, (%rsi)
        ret

        operation touch                 // a page that nobody has touched
        mov     MAIL_NEXT(%rbx), %rsi
        mov     %rsi, (%rsi)
        addq    $0x1000, MAIL_NEXT(%rbx)
        ret

        operation cr3_load
        xor     $(LAYOUT_ROOT_A ^ LAYOUT_ROOT_B), %rbp
        mov     %rbp, %cr3
        ret

        operation invlpg
        invlpg  LAYOUT_WINDOW
        mov     LAYOUT_WINDOW, %eax
        ret

// Another frame behind the window; the operation is wrong if the window does not show it.
        .macro  change_window
        mov     LAYOUT_PT_WIN, %rax
        xor     $(LAYOUT_FRAME_X ^ LAYOUT_FRAME_Y), %rax
        mov     %rax, LAYOUT_PT_WIN
        .endm
        .macro  check_window
        and     $~0xfff, %rax
        cmp     LAYOUT_WINDOW, %rax
        jne     wrong
        .endm

        operation pte_invlpg
        change_window
        invlpg  LAYOUT_WINDOW
        check_window
        ret

        operation pte_flush
        change_window
        mov     %rbp, %cr3
        check_window
        ret

        operation rdmsr
        mov     $0x1a0, %ecx            // IA32_MISC_ENABLE
        rdmsr
        ret

        operation wrmsr
        mov     $0x1a0, %ecx            // what is in it already (SETUP_MSR)
        mov     %r9d, %eax
        mov     %r10d, %edx
        wrmsr
        ret

        operation hlt                   // sleep until the timer interrupts
        call    arm_timer
        sti
        hlt
        cli
        ret

        operation timer                 // work until the timer interrupts
        mov     MAIL_TICKS(%rbx), %r8
        call    arm_timer
        sti
1:      cmp     MAIL_TICKS(%rbx), %r8
        je      1b
        cli
        ret

arm_timer:
        mov     $0x838, %ecx            // initial count
        mov     MAIL_DELAY(%rbx), %eax
        xor     %edx, %edx
        wrmsr
        ret

        operation ipi                   // ping the second processor and sleep until its pong
        mov     $0x830, %ecx            // interrupt command: to APIC 1
        mov     $VECTOR_PING, %eax
        mov     $1, %edx
        wrmsr
        sti
        hlt
        cli
        ret

        operation syscall               // from ring 3
        syscall
        ret

        operation page_fault            // the guest's own: its handler skips the load
        mov     $LAYOUT_ABSENT, %esi
        mov     (%rsi), %al
        ret

// ---- guests that misbehave ----------------------------------------------------------------------------------
        operation bad_opcode
        ud2

        operation triple_fault
        push    $0
        push    $0
        lidt    (%rsp)                  // no vector table: no exception can be delivered
        ud2

        operation endless_loop
        sti
1:      jmp     1b

        operation deaf_loop             // no interrupt of its own can end it, and none has to: the host's do
        cli
1:      jmp     1b

        operation wild_port
        mov     $0x1234, %dx
        out     %al, %dx
        ret

        operation wild_memory
        mov     $LAYOUT_WILD, %esi
        mov     (%rsi), %eax
        ret

        operation wild_jump
        mov     $LAYOUT_WILD, %esi
        jmp     *%rsi

        operation halt_forever
        cli
        hlt
        ret

wrong:  ud2

// ---- entries ------------------------------------------------------------------------------------------------
        .balign 16
        .globl  real_code_syscall
real_code_syscall:
        sysretq

        .balign 16
        .globl  real_code_page_fault
real_code_page_fault:                   // error code, rip, …
        push    %rax
        mov     %cr2, %rax
        cmp     $LAYOUT_ABSENT, %rax
        pop     %rax
        jne     1f
        add     $8, %rsp
        addq    $2, (%rsp)              // behind the load
        iretq
1:      push    $14
        jmp     panic

        .macro  handler name
        .balign 16
        .globl  real_code_\name
real_code_\name:
        push    %rax
        push    %rcx
        push    %rdx
        mov     $0x80b, %ecx            // end of interrupt
        xor     %eax, %eax
        xor     %edx, %edx
        wrmsr
        .endm
        .macro  handler_end             // and no further interrupt until the interrupted code asks for one
        pop     %rdx
        pop     %rcx
        pop     %rax
        andl    $~0x200, 16(%rsp)
        iretq
        .endm

        handler timer
        incq    LAYOUT_MAILBOX + MAIL_TICKS
        handler_end

        handler pong
        handler_end

        handler ping
        mov     $0x830, %ecx
        mov     $VECTOR_PONG, %eax
        xor     %edx, %edx              // to APIC 0
        wrmsr
        handler_end

// One entry of 16 bytes for each of the processor's exceptions; 8, 10 to 14, 17, 21, 29, 30 have an error code already.
        .balign 16
        .globl  real_code_exceptions
real_code_exceptions:
        .set    vector, 0
        .rept   32
        .balign 16
        .if     vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
        .else
        push    $0
        .endif
        push    $vector
        jmp     panic
        .set    vector, vector + 1
        .endr

panic:                                  // vector, error code, rip, …
        mov     $LAYOUT_MAILBOX, %ebx
        pop     MAIL_VECTOR(%rbx)
        pop     MAIL_ERROR(%rbx)
        mov     (%rsp), %rax
        mov     %rax, MAIL_RIP(%rbx)
        mov     %cr2, %rax
        mov     %rax, MAIL_CR2(%rbx)
        mov     $PORT_PANIC, %dx
        out     %al, %dx
1:      pause
        jmp     1b
real_code_end:
#endif
        .section .note.GNU-stack, "", %progbits
