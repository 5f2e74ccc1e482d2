; data.s: the kernel's tables and variables.

    .section .data, write
    .align 16
; The vector table: 256 gates of 16 bytes: handler, then present (bit 0), DPL (1-2), ring (3-4), trap gate (5). Gates that are
; not present answer with #GP, which is what a program deserves that says INT n.
.ifdef PARAVIRT
.equ KERNEL_RING, 1
.else
.equ KERNEL_RING, 0
.endif
.equ GATE, 1 | KERNEL_RING << 3
.equ DPL3, 3 << 1
.macro GATE_TO vector, extra=0
    .org vectors + 16 * \vector
    .quad stub_\vector, GATE | \extra
.endm
vectors:
    GATE_TO 0
    GATE_TO 1
    GATE_TO 3, DPL3                     ; programs may say BRK
    GATE_TO 6
    GATE_TO 8
    GATE_TO 13
    GATE_TO VEC_PF
.ifndef PARAVIRT
    GATE_TO VEC_TIMER
    GATE_TO VEC_DISK
    GATE_TO VEC_NIC
    GATE_TO VEC_CONSOLE
    GATE_TO VEC_RESCHED
    GATE_TO VEC_SHOOT
    GATE_TO VEC_SPURIOUS
.endif
    .org vectors + 16 * 256

next_pid:       .quad 1
.ifdef PARAVIRT
; The two hypercalls of a task switch, filled in by pv_switch_stack: number, t0, t1, result.
pv_calls:       .quad HC_MMU_UPDATE, 0, 0, 0, HC_STACK_SWITCH, 0, 0, 0
.endif

    .section .bss, bss
    .align 16
boot_info:      .space 8                ; direct map
cmdline:        .space 8
ramdisk:        .space 8
levels:         .space 8                ; of the page tables: 2 to 5
kernel_root:    .space 8                ; physical: tables with nothing but the kernel
cpus:           .space 8                ; processors to use
cpus_online:    .space 8
tickless:       .space 8                ; no timer tick: processes run until they wait or yield
; mm.s
first_free:     .space 8                ; physical: below it, all memory has been given out at least once
ram_end:        .space 8                ; physical
free_list:      .space 8                ; physical: frames that came back
huge_list:      .space 8
frame_refs:     .space 8                ; 4 bytes a frame
zero_frame:     .space 8                ; physical
frames_lock:    .space 8
; sched.s
sched_lock:     .space 8
run_head:       .space 8
run_tail:       .space 8
idle_cpus:      .space 8                ; bit i: processor i halts for want of work
jiffies:        .space 8
sleepers:       .space 8
sleep_lock:     .space 8
; proc.s
proc_lock:      .space 8
init_task:      .space 8
; container.s, cgroup.s
containers_used: .space 8               ; how many there are, but for number 0
vtime_floor:    .space 8                ; no account that can run lags behind this
init_path:      .space 40
.ifdef PARAVIRT
; pv.s
pv_base:        .space 8                ; machine address of our frame 0
pv_v2m:         .space 8                ; what makes a machine address of one in the direct map
pv_batch:       .space 8                ; not 0: requests may wait
pv_count:       .space 8                ; requests that wait
pv_requests:    .space MMU_QUEUE * 16
.endif
; smp.s
shoot_lock:     .space 8
shoot:          .space 40
.equ SHOOT_MM, 0
.equ SHOOT_START, 8
.equ SHOOT_PAGES, 16
.equ SHOOT_LEAVE, 24
.equ SHOOT_PENDING, 32                  ; processors that have not answered yet
; block.s, diskfs.s
disk_sectors:   .space 8                ; 0: no disk
disk_lock:      .space 8
disk_queue:     .space 8
disk_result:    .space 8
disk_directory: .space 8
disk_ring:      .space 8                ; 1: the disk is a paravirtual one
cache_lock:     .space 8
cache_busy:     .space 8
cache_queue:    .space 8
; net.s
nic_lock:       .space 8
nic_mac:        .space 8
nic_peer:       .space 8
nic_ring:       .space 8                ; 1: the card is a paravirtual one
nic_free:       .space 8
nic_free_count: .space 8                ; directly behind nic_free
rx_filled:      .space 8                ; receive ring: buffers put in, and frames taken out, since boot
rx_seen:        .space 8
tx_filled:      .space 8
tx_seen:        .space 8
; console.s, panic.s
print_lock:     .space 8
panic_once:     .space 8
input_lock:     .space 8
input_read:     .space 8                ; these three in this order
input_written:  .space 8
input_queue:    .space 8
input_ring:     .space INPUT_ROOM
files_lock:     .space 8
    .align 64
cpu_structs:    .space CPUS_MAX * CPU_SIZE
containers:     .space CT_MAX * CT_SIZE
files:          .space OPEN_MAX * F_SIZE
cache_slots:    .space CACHE_SLOTS * C_SIZE
sockets:        .space CT_MAX * PORTS * SO_SIZE
rx_buffers:     .space RING * 8
tx_buffers:     .space RING * 8
    .align 4096
; Pages shared with back ends, if any: each has its own.
block_ring:     .space 4096
net_page:       .space NET_TX           ; tails, address; then the two rings, which a real card uses as well
tx_ring:        .space RING * 16
rx_ring:        .space RING * 16
.ifdef PARAVIRT
    .align 4096
grants:         .space 4096
.endif
    .align 4096
boot_stack:     .space 4096
boot_stack_top:
kernel_end:
