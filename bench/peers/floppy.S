/* A boot sector for peers that know no multiboot: reads the kernel, which follows it on the floppy's first track, into low memory, copies it
 * to its place at 1 MiB and enters it as a multiboot loader would. SECTORS is given by bench/peers/kernel_build. */
        .set SECTOR_BYTES, 512
        .set LOW, 0x8000                /* within reach of the BIOS */
        .set KERNEL, 0x100000
        .set HEADER_LOAD_END, 20        /* fields of the multiboot header, which the kernel begins with */
        .set HEADER_BSS_END, 24
        .set HEADER_ENTRY, 28
        .set LOADED_BY_MULTIBOOT, 0x2badb002
        .set CODE, 0x08
        .set DATA, 0x10

        .section .text.boot, "ax"
        .code16
        .globl start
start:  cli
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movw $start, %sp
        movw $(0x0200 + SECTORS), %ax   /* read; the drive is in DL already */
        movw $LOW, %bx
        movw $0x0002, %cx               /* cylinder 0, from the second sector */
        movb $0, %dh
        int $0x13
        jc failed
        inb $0x92, %al                  /* the address line A20, or every odd megabyte is the one below */
        orb $2, %al
        outb %al, $0x92
        cli
        lgdt gdt_pointer
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmp $CODE, $protected
failed: hlt
        jmp failed

        .code32
protected:
        movl $DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        cld
        movl $LOW, %esi
        movl $KERNEL, %edi
        movl $(SECTORS * SECTOR_BYTES / 4), %ecx
        rep movsl
        movl KERNEL + HEADER_LOAD_END, %edi
        movl KERNEL + HEADER_BSS_END, %ecx
        subl %edi, %ecx
        xorl %eax, %eax
        rep stosb
        movl $LOADED_BY_MULTIBOOT, %eax
        jmp *KERNEL + HEADER_ENTRY

        .balign 8
gdt:    .quad 0
        .quad 0x00cf9a000000ffff        /* code, all 4 GiB */
        .quad 0x00cf92000000ffff        /* data */
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .long gdt
        .org SECTOR_BYTES - 2
        .word 0xaa55
        .section .note.GNU-stack, "", @progbits
