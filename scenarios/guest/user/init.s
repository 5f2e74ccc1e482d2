; init.s: process 1. Its arguments are the kernel's command line. It runs the programs that workload= names, one after the other, and
; stops the machine: with status 0 if all of them ended with 0.
;
;   workload=NAME[:LENGTH][,NAME[:LENGTH]]...   n=LENGTH for those without their own   opt=LETTERS for all
;
; Each is started as bin/NAME with the arguments "LENGTH LETTERS".

    .include "ulib.inc"

main:
    push lr, s0, s1, s2, s3
    la   a0, word_workload
    call word
    bnez a0, .given
    la   a0, default_workload
.given:
    mov  s0, a0                         ; where we are in the list
    mov  s1, zero                       ; the status so far
.next:
    ; bin/NAME
    la   a1, path + 4
.name:
    ldbu a2, [s0]
    movi a3, ':'
    beq  a2, a3, .named
    movi a3, ','
    beq  a2, a3, .named
    movi a3, ' ' + 1
    bltu a2, a3, .named
    stb  a2, [a1]
    addi a1, a1, 1
    addi s0, s0, 1
    la   a3, path_end - 1
    bltu a1, a3, .name
.named:
    stb  zero, [a1]
    ; Arguments.
    movi a3, ':'
    bne  a2, a3, .common
    addi a1, s0, 1
    la   a2, arguments
    call copy_word
    mov  s0, a3                         ; behind it
    jmp  .options
.common:
    la   a0, word_n
    call word
    mov  a1, a0
    la   a2, arguments
    call copy_word
.options:
    movi a0, ' '
    stb  a0, [a2]
    addi a2, a2, 1
    push a2
    la   a0, word_opt
    call word
    pop  a2
    mov  a1, a0
    call copy_word
    stb  zero, [a2]
    call run
    or   s1, s1, a0
    ldbu a2, [s0]
    movi a3, ','
    addi s0, s0, 1
    beq  a2, a3, .next
    snez a0, s1
    SYS  SYS_POWEROFF

; Copies from a1 to a2, up to a space, a comma or the end; a1 may be 0. out a2, a3: behind both.
copy_word:
    mov  a3, a1
    beqz a3, .end
.next:
    ldbu t0, [a3]
    movi t1, ' ' + 1
    bltu t0, t1, .end
    movi t1, ','
    beq  t0, t1, .end
    stb  t0, [a2]
    addi a2, a2, 1
    addi a3, a3, 1
    la   t1, arguments_end - 2
    bltu a2, t1, .next
.end:
    ret

; Runs `path` with `arguments`. out a0: its exit status.
run:
    push lr
    SYS  SYS_FORK
    bltz a0, .failed
    bnez a0, .parent
    la   a0, path
    la   a1, arguments
    SYS  SYS_EXEC
    SAY  "init: there is no program "
    la   a0, path
    call put_text
    SAY  "\n"
    call put_flush
    movi a0, 127
    SYS  SYS_EXIT
.parent:
    ; Wait for it; orphans that end meanwhile are waited for on the way.
    push a0
.wait:
    la   a0, status
    SYS  SYS_WAIT
    bltz a0, .failed
    ldd  a1, [sp]
    bne  a0, a1, .wait
    addi sp, sp, 8
    la   a0, status
    ldd  a0, [a0]
    pop  lr
    ret
.failed:
    FAIL "init: cannot start a process"

    .include "word.inc"

    .rodata
word_workload:      .asciz "workload="
word_n:             .asciz "n="
word_opt:           .asciz "opt="
default_workload:   .asciz "hello"
    .data
path:               .ascii "bin/"
                    .space 36
path_end:
arguments:          .space 64
arguments_end:
    .bss
status:             .space 8
