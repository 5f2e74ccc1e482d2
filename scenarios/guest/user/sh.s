; sh.s: a shell. Reads commands from etc/script, n times over, or with option i from the console; runs the programs of each line,
; connected by pipes, and waits for all of them. Its checksum is made of their exit statuses.
;
;   line:  command [| command]...      command:  name [arguments]      a line that begins with # is a comment

    .include "ulib.inc"

.equ LINE, 120

    MAIN
    movi a0, 'i'
    call option
    la   a1, interactive
    std  a0, [a1]
    bnez a0, .lines
.script:
    bgeu s2, s0, .done
    la   a0, script
    SYS  SYS_OPEN
    bltz a0, .failed
    la   a1, input
    std  a0, [a1]
.lines:
    call read_line
    beqz a0, .end
    call run_line
    HASH s1, a0, s3
    jmp  .lines
.end:
    la   a0, interactive
    ldd  a0, [a0]
    bnez a0, .done
    la   a0, input
    ldd  a0, [a0]
    SYS  SYS_CLOSE
    addi s2, s2, 1
    jmp  .script
.done:
    END_MAIN "sh"
.failed:
    FAIL "sh: cannot read etc/script"

; Reads the next line that has a command. out a0: 0 at the end of input.
read_line:
    push lr, s0
    la   a0, interactive
    ldd  a0, [a0]
    beqz a0, .quiet
    SAY  "toy$ "
    call put_flush
.quiet:
    la   s0, line
.next:
    la   a0, input
    ldd  a0, [a0]
    mov  a1, s0
    movi a2, 1
    SYS  SYS_READ
    blez a0, .end
    ldbu a0, [s0]
    movi a1, 10
    beq  a0, a1, .whole
    movi a1, 13
    beq  a0, a1, .whole
    la   a1, line + LINE - 2
    bgeu s0, a1, .next                  ; too long: the rest is dropped
    addi s0, s0, 1
    jmp  .next
.whole:
    stb  zero, [s0]
    la   a0, line
    call skip_spaces
    ldbu a1, [a0]
    beqz a1, .quiet                     ; nothing in it
    movi a2, '#'
    beq  a1, a2, .quiet
    movi a0, 1
    pop  lr, s0
    ret
.end:
    mov  a0, zero
    pop  lr, s0
    ret

; a0: to the first byte that is no space.
skip_spaces:
    ldbu t0, [a0]
    movi t1, ' '
    bne  t0, t1, .out
    addi a0, a0, 1
    jmp  skip_spaces
.out:
    ret

; Runs `line`. out a0: the sum of its programs' exit statuses.
run_line:
    push lr, s0, s1, s2, s3
    la   s0, line                       ; where the next command begins
    mov  s1, zero                       ; programs started
    movi s2, -1                         ; the pipe to read from, if any
.command:
    ; The command's end: a bar, or the line's.
    mov  a0, s0
.scan:
    ldbu a1, [a0]
    beqz a1, .last
    movi a2, '|'
    beq  a1, a2, .bar
    addi a0, a0, 1
    jmp  .scan
.bar:
    stb  zero, [a0]
    addi s3, a0, 1                      ; the next command
    la   a0, ends
    SYS  SYS_PIPE
    jmp  .start
.last:
    mov  s3, zero
.start:
    SYS  SYS_FORK
    beqz a0, child
    bltz a0, .wait
    addi s1, s1, 1
    ; The parent keeps only the new pipe's reading end, for the next command.
    bltz s2, .no_input
    mov  a0, s2
    SYS  SYS_CLOSE
.no_input:
    beqz s3, .wait
    la   a1, ends
    ldd  s2, [a1]
    ldd  a0, [a1+8]
    SYS  SYS_CLOSE
    mov  s0, s3
    jmp  .command
.wait:
    mov  s2, zero
.next:
    beqz s1, .done
    la   a0, status
    SYS  SYS_WAIT
    la   a0, status
    ldd  a0, [a0]
    add  s2, s2, a0
    addi s1, s1, -1
    jmp  .next
.done:
    mov  a0, s2
    pop  lr, s0, s1, s2, s3
    ret

; The child: descriptors 0 and 1 become the pipes' ends, as dup takes the lowest that is free.
child:
    bltz s2, .no_input
    mov  a0, zero
    SYS  SYS_CLOSE
    mov  a0, s2
    SYS  SYS_DUP
    mov  a0, s2
    SYS  SYS_CLOSE
.no_input:
    beqz s3, .no_output
    movi a0, 1
    SYS  SYS_CLOSE
    la   a1, ends
    ldd  a0, [a1+8]
    SYS  SYS_DUP
    ldd  a0, [a1+8]
    SYS  SYS_CLOSE
    ldd  a0, [a1]
    SYS  SYS_CLOSE
.no_output:
    ; bin/ and the name; what follows are the arguments.
    mov  a0, s0
    call skip_spaces
    la   a1, path + 4
.name:
    ldbu a2, [a0]
    movi a3, ' ' + 1
    bltu a2, a3, .named
    stb  a2, [a1]
    addi a0, a0, 1
    addi a1, a1, 1
    la   a3, path_end - 1
    bltu a1, a3, .name
.named:
    stb  zero, [a1]
    call skip_spaces
    mov  a1, a0
    la   a0, path
    SYS  SYS_EXEC
    la   a0, path
    call put_text
    FAIL ": there is no such program"

    .rodata
script:         .asciz "etc/script"
    .data
path:           .ascii "bin/"
                .space 32
path_end:
    .bss
interactive:    .space 8
input:          .space 8                ; 0: the console
ends:           .space 16
status:         .space 8
line:           .space LINE
