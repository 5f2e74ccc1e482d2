The real path: what it says where it cannot run, here shown by the files of other computers. (What it does where it can run
is tested by `make check-real`, in an emulated machine.)

A server whose kernel module is missing:

  $ mkdir -p a/proc/sys/kernel a/sys/module a/dev
  $ printf 'model name : Some Server CPU\nflags : fpu lm vmx\nvmx flags : ept vpid\n' >a/proc/cpuinfo
  $ echo 6.1.0-28-amd64 >a/proc/sys/kernel/osrelease
  $ ringside real doctor --root a
           what           found
  -        processor      Some Server CPU
  ok       CPU flags      vmx: Intel VT-x
  ok       nested paging  ept, vpid
  -        kernel         6.1.0-28-amd64
  missing  kernel module  kvm is not loaded
                          → load it: sudo modprobe kvm_intel
  missing  /dev/kvm       is not there
                          → it comes with the kernel module; in a container, pass it in: --device /dev/kvm
  -        trace events   not for this user
                          → not needed: KVM's own statistics count exits without it. With root's rights, and tracefs mounted (mount -t tracefs none /sys/kernel/tracing), every exit's reason is shown
  
  Guests cannot run on the real processor here. Everything else of Ringside works, simulated.
  [4]

A rented virtual machine, whose host does not pass virtualization on:

  $ mkdir -p b/proc
  $ printf 'model name : Some Cloud CPU\nflags : fpu lm hypervisor\n' >b/proc/cpuinfo
  $ ringside real doctor --root b | grep -e missing -e '^Guests'
  missing  CPU flags      neither vmx (Intel VT-x) nor svm (AMD-V)
  missing  /dev/kvm       is not there
  Guests cannot run on the real processor here. Everything else of Ringside works, simulated.

The findings for programs:

  $ ringside real doctor --root b --export-json - | grep -e schema -e mode
    "schema": "ringside/real-doctor/1",
    "mode": "simulated",

The operations, and what each must take:

  $ ringside real list | cut -c1-60
  operation      exits, nested       exits, shadow            
  nothing        none                none                     
  hypercall      VMCALL 1            VMCALL 1                 
  cpuid          CPUID 1             CPUID 1                  
  pio-user       IO_INSTRUCTION 1    IO_INSTRUCTION 1         
  pio-kernel     IO_INSTRUCTION 1    IO_INSTRUCTION 1         
  mmio           MMIO 1              MMIO 1                   
  ept-violation  EPT_VIOLATION 1     EXCEPTION_NMI 1          
  cr3-load       none                CR_ACCESS 1              
  invlpg         none                INVLPG 1                 
  pte-invlpg     none                INVLPG 1                 
  pte-flush      none                EXCEPTION_NMI 2, CR_ACCES
  rdmsr          MSR_READ 1          MSR_READ 1               
  wrmsr          MSR_WRITE 1         MSR_WRITE 1              
  hlt            HLT 1, MSR_WRITE 1  HLT 1, MSR_WRITE 1       
  ipi            HLT 2, MSR_WRITE 2  HLT 2, MSR_WRITE 2       
  timer          MSR_WRITE 1         MSR_WRITE 1              
  syscall        none                none                     
  page-fault     none                EXCEPTION_NMI 1          
  bad-opcode     -                   -                        
  triple-fault   -                   -                        
  endless-loop   -                   -                        
  deaf-loop      -                   -                        
  wild-port      -                   -                        
  wild-memory    -                   -                        
  wild-jump      -                   -                        
  halt-forever   -                   -                        

Wrong usage:

  $ ringside real
  ringside: real: an operand is missing: doctor|run|calibrate|compare|list [OPERATION]...; see 'ringside real --help'
  [2]
  $ ringside real docter
  ringside: real: 'docter' is not one of doctor, run, calibrate, compare, list; did you mean 'doctor'?
  [2]
  $ ringside real doctor now
  ringside: real doctor takes no operand, and got 'now'
  [2]
