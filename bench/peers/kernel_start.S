/* The start of the kernel that the full-system peers boot: a multiboot header, 64-bit mode with 4 KiB pages over the first 64 MiB (every ring, as for
 * our own loops), and the ways into and out of ring 3. kernel.c is the rest. */
        .set MAGIC, 0x1badb002
        .set FLAGS, 0x10000             /* addresses are given here, the file is not ELF */
        .set KERNEL_CODE, 0x08
        .set KERNEL_DATA, 0x10
        .set USER_DATA, 0x1b
        .set USER_CODE, 0x23
        .set TSS, 0x28

        .section .text.boot, "ax"
        .code32
header: .long MAGIC, FLAGS, -(MAGIC + FLAGS)
        .long header, header, load_end, bss_end, start

start:  cli
        movl $boot_stack_end, %esp
        movl $pdpt + 7, pml4            /* 7: present, writable, user */
        movl $pd + 7, pdpt
        movl $pt + 7, %eax
        movl $pd, %edi
        movl $32, %ecx
1:      movl %eax, (%edi)
        addl $4096, %eax
        addl $8, %edi
        loop 1b
        movl $7, %eax
        movl $pt, %edi
        movl $16384, %ecx
2:      movl %eax, (%edi)
        addl $4096, %eax
        addl $8, %edi
        loop 2b
        movl %cr4, %eax
        orl $0x20, %eax                 /* PAE */
        movl %eax, %cr4
        movl $pml4, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx          /* EFER: LME, SCE */
        rdmsr
        orl $0x101, %eax
        wrmsr
        movl %cr0, %eax
        orl $0x80010000, %eax           /* PG, WP */
        movl %eax, %cr0
        lgdt gdt_pointer
        ljmp $KERNEL_CODE, $long_mode

        .code64
long_mode:
        movl $KERNEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        leaq tss(%rip), %rax            /* the descriptor's base is in four pieces */
        movw %ax, gdt + TSS + 2
        shrq $16, %rax
        movb %al, gdt + TSS + 4
        movb %ah, gdt + TSS + 7
        movq $trap_stack_end, %rax
        movq %rax, tss + 4
        movl $TSS, %eax
        ltr %ax
        call kernel_main
3:      hlt
        jmp 3b

/* void enter_user(void (*code)(uint64_t), uint64_t passes): returns when `code` executes INT 0x90. */
        .globl enter_user
enter_user:
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, saved_stack
        movq %rdi, %rax
        movq %rsi, %rdi
        pushq $USER_DATA
        pushq $user_stack_end
        pushq $2
        pushq $USER_CODE
        pushq %rax
        iretq

        .globl leave_user
leave_user:
        movq saved_stack, %rsp
        movl $KERNEL_DATA, %eax
        movl %eax, %ss
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret

/* What our own loops do: a call that returns at once, passes times. */
        .globl user_syscalls, user_interrupts, system_call, interrupt
user_syscalls:
        syscall
        decq %rdi
        jnz user_syscalls
        int $0x90
user_interrupts:
        int $0x80
        decq %rdi
        jnz user_interrupts
        int $0x90
system_call:
        sysretq
interrupt:
        iretq

        .section .data
        .balign 16
gdt:    .quad 0
        .quad 0x00209a0000000000        /* kernel code, 64 bits */
        .quad 0x0000920000000000        /* kernel data */
        .quad 0x0000f20000000000        /* user data */
        .quad 0x0020fa0000000000        /* user code, 64 bits */
        .quad 0x0000890000000067        /* task state, its base filled in above */
        .quad 0
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .long gdt

        .section .bss
        .balign 4096
pml4:   .skip 4096
pdpt:   .skip 4096
pd:     .skip 4096
pt:     .skip 32 * 4096
        .skip 16384
boot_stack_end:
        .skip 4096
trap_stack_end:
        .skip 4096
user_stack_end:
        .balign 16
tss:    .skip 104
saved_stack:
        .skip 8
        .section .note.GNU-stack, "", @progbits
