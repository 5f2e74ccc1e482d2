; exec.s: a process becomes another program; and the first process of all.

.equ PATH_MAX, 40
.equ ARGS_MAX, 1024                     ; as long as the command line can be

; exec(path, arguments): arguments are one text. Returns only if it fails.
sys_exec:
    ENTER 3
    mov  s2, a5
    mov  s1, a1
    addi sp, sp, -PATH_MAX - ARGS_MAX
    mov  a1, a0
    mov  a0, sp
    movi a2, PATH_MAX
    call copy_text_from_user
    bltz a0, .fail
    addi a0, sp, PATH_MAX
    mov  a1, s1
    movi a2, ARGS_MAX
    call copy_text_from_user
    bltz a0, .fail
    mov  a0, sp
    addi a1, sp, PATH_MAX
    mov  a2, s2
    call exec_program
    bnez a0, .fail
    mov  sp, s2
    jmp  trap_exit                      ; the new program begins with all of its own registers
.fail:
    addi sp, sp, PATH_MAX + ARGS_MAX
    LEAVE 3

; Replaces the running task's program. in a0: path; a1: arguments, both in kernel memory; a2: trap frame. out a0: 0 or an error.
exec_program:
    ENTER 4
    mov  s2, a2
    push a0, a1
    call ramdisk_find
    beqz a0, .no_file
    ldd  a1, [a0+RE_OFFSET]
    la   a2, ramdisk
    ldd  a2, [a2]
    add  s1, a1, a2                     ; the file
    ldd  a1, [s1]
    li   a2, EX_MAGIC
    bne  a1, a2, .no_program
    call mm_new
    beqz a0, .no_memory
    mov  s0, a0
    mov  a1, s1
    call exec_regions
    bnez a0, .no_regions
    mov  a0, s0
    call mm_replace
    ; The arguments go to the top of the new stack (and fault in its first page).
    li   s0, STACK_TOP - ARGS_MAX
    ldd  a0, [sp+8]
    call text_length
    addi a2, a0, 1
    mov  a0, s0
    ldd  a1, [sp+8]
    call copy_to_user
    ; A clean frame.
    mov  a0, s2
    addi a1, s2, TF_SIZE
.clear:
    std  zero, [a0]
    addi a0, a0, 8
    bltu a0, a1, .clear
    std  s0, [s2+TF_A0]
    std  s0, [s2+TF_SP]
    ldd  a0, [s1+EX_ENTRY]
    std  a0, [s2+TF_PC]
    movi a0, 3
    std  a0, [s2+TF_RING]
    movi a0, FLAG_IF
    std  a0, [s2+TF_FLAGS]
    ; The name for messages.
    pop  a0, a1
    CURRENT a1
    addi a1, a1, T_NAME
    movi a2, T_FILES - T_NAME - 1
.name:
    ldbu a3, [a0]
    stb  a3, [a1]
    beqz a3, .named
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    bnez a2, .name
    stb  zero, [a1]
.named:
    mov  a0, zero
    LEAVE 4
.no_regions:
    mov  a0, s0
    call mm_put
.no_memory:
    movi a0, -ENOMEM
    jmp  .fail
.no_program:
    movi a0, -ENOEXEC
    jmp  .fail
.no_file:
    movi a0, -ENOENT
.fail:
    addi sp, sp, 16
    LEAVE 4

; Regions of a program: its segments, which are not read but mapped from the RAM disk, a heap behind them, a stack.
; in a0: address space; a1: file. out a0: 0 or -1.
exec_regions:
    ENTER 4
    mov  s0, a0
    mov  s1, a1
    ldd  s2, [s1+EX_COUNT]
    addi s3, s1, EX_SEGMENTS
    li   a1, USER_BASE
    push a1                             ; where the heap will begin
.segment:
    beqz s2, .segments_done
    ldd  a1, [s3+ES_ADDR]
    ldd  a2, [s3+ES_MSIZE]
    add  a2, a2, a1
    PAGE_UP a2, a2
    ldd  a3, [sp]
    bgeu a3, a2, .lower
    std  a2, [sp]
.lower:
    ldd  a5, [s3+ES_FLAGS]
    movi a3, PTE_P | PTE_U
    andi t0, a5, 1
    beqz t0, .read_only
    ori  a3, a3, PTE_W
.read_only:
    andi t0, a5, 2
    bnez t0, .code
    movi t0, 1
    shli t0, t0, PTE_NX_SHIFT
    or   a3, a3, t0
.code:
    movi a4, R_IMAGE
    mov  a0, s0
    call region_add
    beqz a0, .no
    ldd  a1, [s3+ES_OFFSET]
    add  a1, a1, s1
    V2P  a1, a1
    std  a1, [a0+R_FILE]
    ldd  a1, [s3+ES_FSIZE]
    std  a1, [a0+R_FSIZE]
    addi s3, s3, ES_SIZE
    addi s2, s2, -1
    jmp  .segment
.segments_done:
    ldd  a1, [sp]
    mov  a2, a1
    PTE_DATA a3
    movi a4, R_ANON
    mov  a0, s0
    call region_add
    beqz a0, .no
    std  a0, [s0+MM_HEAP]
    li   a1, STACK_TOP - STACK_SIZE
    li   a2, STACK_TOP
    PTE_DATA a3
    movi a4, R_ANON
    mov  a0, s0
    call region_add
    beqz a0, .no
    mov  a0, zero
    jmp  .out
.no:
    movi a0, -1
.out:
    addi sp, sp, 8
    LEAVE 4

; Makes process 1. It runs bin/init, whose arguments are the kernel's command line; or, if that begins with init=PATH, that program.
make_init:
    ENTER 1
    call task_new
    mov  s0, a0
    la   a0, init_task
    std  s0, [a0]
    call open_console
    std  a0, [s0+T_FILES]
    std  a0, [s0+T_FILES+8]
    std  a0, [s0+T_FILES+16]
    mov  a0, s0
    la   a1, init_main
    li   a2, PAGE
    add  a2, a2, s0
    call task_prepare
    mov  a0, s0
    CURRENT a1
    call task_adopt
    LEAVE 1

; Its first steps, in the kernel.
init_main:
    addi sp, sp, -TF_SIZE
    ARCH_STI
    la   s0, .path
    la   a0, cmdline
    ldd  s1, [a0]
    mov  a0, s1
    la   a1, .other
    call text_starts
    beqz a0, .exec
    ; Another program, up to the next space; its arguments are what follows.
    la   s0, init_path
    mov  a0, s0
    addi s1, s1, 5
    movi a2, PATH_MAX - 1
.copy:
    ldbu a1, [s1]
    beqz a1, .exec
    addi s1, s1, 1
    addi a1, a1, -' '
    beqz a1, .exec
    addi a1, a1, ' '
    stb  a1, [a0]
    addi a0, a0, 1
    addi a2, a2, -1
    bnez a2, .copy
.exec:
    mov  a0, s0
    mov  a1, s1
    mov  a2, sp
    call exec_program
    bnez a0, .fail
    jmp  trap_exit
.fail:
    mov  a0, s0
    call puts
    PANIC ": cannot run it as process 1"
.path:
    .asciz "bin/init"
.other:
    .asciz "init="
    .align 4
