// Looks at the computer, and says what the findings mean.
#include "real/doctor.h"
#include "real/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PATH_SIZE = 512, FILE_MAX = 1 << 16 };

// ---- looking -------------------------------------------------------------------------------------------------

static bool path_in(char path[PATH_SIZE], const char *root, const char *name)
{
    return snprintf(path, PATH_SIZE, "%s%s", root, name) < PATH_SIZE;
}

// The first bytes of a file as a text; false if it cannot be read.
static bool read_text(const char *root, const char *name, char *text, size_t size)
{
    char path[PATH_SIZE];
    FILE *file = path_in(path, root, name) ? fopen(path, "r") : NULL;
    if (!file) {
        return false;
    }
    size_t n = fread(text, 1, size - 1, file);
    fclose(file);
    text[n] = '\0';
    return true;
}

static bool exists(const char *root, const char *name)
{
    char path[PATH_SIZE];
    return path_in(path, root, name) && access(path, F_OK) == 0;
}

// The value of "key : value" of the first processor; false if there is no such line.
static bool cpuinfo_line(const char *text, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);
    for (const char *line = text; *line;) {
        size_t end = strcspn(line, "\n");
        if (strncmp(line, key, length) == 0 && strchr(" \t:", line[length])) {
            const char *from = memchr(line, ':', end);
            if (from) {
                from++;
                from += strspn(from, " \t");
                size_t n = (size_t)(line + end - from);
                n = n < size - 1 ? n : size - 1;
                memcpy(value, from, n);
                value[n] = '\0';
                return true;
            }
        }
        line += end + (line[end] == '\n');
    }
    return false;
}

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void probe_cpu(const char *root, struct real_probe *p)
{
    char *text = malloc(FILE_MAX), *flags = malloc(FILE_MAX), number[32];
    if (text && flags && read_text(root, "/proc/cpuinfo", text, FILE_MAX)) {
        cpuinfo_line(text, "model name", p->cpu, sizeof p->cpu);
        if (cpuinfo_line(text, "cpu MHz", number, sizeof number)) {
            p->mhz = (unsigned)(strtod(number, NULL) + 0.5);
        }
        if (cpuinfo_line(text, "flags", flags, FILE_MAX)) {
            p->x86 = has_word(flags, "lm");
            p->vmx = has_word(flags, "vmx");
            p->svm = has_word(flags, "svm");
            p->ept = has_word(flags, "ept");
            p->npt = has_word(flags, "npt");
            p->vpid = has_word(flags, "vpid");
            p->hypervisor = has_word(flags, "hypervisor");
        }
        // Kernels since 5.6 list what VT-x has on a line of its own.
        if (cpuinfo_line(text, "vmx flags", flags, FILE_MAX)) {
            p->ept = p->ept || has_word(flags, "ept");
            p->vpid = p->vpid || has_word(flags, "vpid");
        }
    }
    free(text);
    free(flags);
    if (!read_text(root, "/proc/sys/kernel/osrelease", p->kernel, sizeof p->kernel)) {
        p->kernel[0] = '\0';
    }
    p->kernel[strcspn(p->kernel, "\n")] = '\0';
}

static int parameter(const char *root, const char *module, const char *name)
{
    char path[128], text[16];
    snprintf(path, sizeof path, "/sys/module/%s/parameters/%s", module, name);
    if (!read_text(root, path, text, sizeof text)) {
        return -1;
    }
    return strchr("Yy", text[0]) && text[0]   ? 1
           : strchr("Nn", text[0]) && text[0] ? 0
                                              : atoi(text) != 0;
}

static void probe_modules(const char *root, struct real_probe *p)
{
    bool amd = p->svm;
    const char *module = amd ? "kvm_amd" : "kvm_intel";
    p->kvm_module = exists(root, "/sys/module/kvm");
    p->vendor_module = exists(root, amd ? "/sys/module/kvm_amd" : "/sys/module/kvm_intel");
    p->nested_paging = parameter(root, module, amd ? "npt" : "ept");
    p->apicv = parameter(root, module, amd ? "avic" : "enable_apicv");
    p->preemption_timer = amd ? 0 : parameter(root, module, "preemption_timer");
    p->nesting = parameter(root, module, "nested");
    p->next_rip = amd ? parameter(root, module, "nrips") : 1;
}

// From the file itself, not from the C library: that of a statically linked program cannot ask all its sources.
static void group_name(const char *root, gid_t id, char *name, size_t size)
{
    char *text = malloc(FILE_MAX);
    if (text && read_text(root, "/etc/group", text, FILE_MAX)) {
        for (const char *line = text; *line;) { // name:password:id:members
            size_t length = strcspn(line, ":\n");
            const char *number = line[length] ? strchr(line + length + 1, ':') : NULL;
            if (number && strtoul(number + 1, NULL, 10) == id && length < size) {
                memcpy(name, line, length);
                name[length] = '\0';
                break;
            }
            line += strcspn(line, "\n");
            line += *line == '\n';
        }
    }
    free(text);
}

static void probe_node(const char *root, struct real_probe *p)
{
    char path[PATH_SIZE];
    struct stat st;
    if (!path_in(path, root, "/dev/kvm") || stat(path, &st) != 0) {
        return;
    }
    p->node = true;
    if (st.st_mode & S_IWGRP) {
        group_name(root, st.st_gid, p->owner, sizeof p->owner);
    }
    int fd = open(path, O_RDWR | O_CLOEXEC);
    p->can_open = fd >= 0;
    p->open_error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    p->version = p->can_open ? real_kvm_version(path) : 0;
}

void real_probe(const char *root, struct real_probe *p)
{
    *p = (struct real_probe){
        .nested_paging = -1, .apicv = -1, .preemption_timer = -1, .nesting = -1, .next_rip = -1};
    probe_cpu(root, p);
    probe_modules(root, p);
    probe_node(root, p);
    char path[PATH_SIZE];
    p->tracefs =
        (path_in(path, root, "/sys/kernel/tracing/instances") && access(path, W_OK) == 0) ||
        (path_in(path, root, "/sys/kernel/debug/tracing/instances") && access(path, W_OK) == 0);
    if (root[0] == '\0') {
        real_kvm_usable(p->why_not);
    } else if (!p->can_open || p->version == 0) {
        snprintf(p->why_not, sizeof p->why_not, "%s/dev/kvm is not KVM", root);
    }
    bool intel = exists(root, "/sys/module/kvm_intel"), amd = exists(root, "/sys/module/kvm_amd");
    if (!p->vmx && !p->svm &&
        (intel || amd)) { // the flags are hidden, and KVM found the thing all the same
        p->svm = amd;
        p->vmx = !amd;
        probe_modules(root, p);
    }
    p->software = p->can_open && p->version != 0 && !p->vmx && !p->svm;
    if (p->software) {
        snprintf(
            p->why_not, sizeof p->why_not,
            "KVM works here in software, without VT-x or AMD-V: its exits are not a processor's");
    }
}

struct real_platform real_probe_platform(const struct real_probe *p)
{
    return (struct real_platform){.vendor = p->svm ? REAL_AMD : REAL_INTEL,
                                  .paging = p->nested_paging == 0 ? REAL_SHADOW : REAL_NESTED,
                                  .apicv = p->apicv == 1,
                                  .preemption_timer = !p->svm && p->preemption_timer == 1,
                                  .decodes = p->next_rip == 0};
}

const char *real_mode_word(void)
{
    struct real_probe p;
    real_probe("", &p);
    return real_probe_usable(&p) ? "real" : "simulated";
}

// ---- what it means -------------------------------------------------------------------------------------------

static struct real_finding *add(struct real_finding *list, size_t *count, enum real_verdict verdict,
                                const char *title, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static struct real_finding *add(struct real_finding *list, size_t *count, enum real_verdict verdict,
                                const char *title, const char *format, ...)
{
    struct real_finding *f = &list[(*count)++];
    *f = (struct real_finding){.verdict = verdict};
    snprintf(f->title, sizeof f->title, "%s", title);
    va_list args;
    va_start(args, format);
    vsnprintf(f->found, sizeof f->found, format, args);
    va_end(args);
    return f;
}

#define REMEDY(finding, ...) snprintf((finding)->remedy, sizeof(finding)->remedy, __VA_ARGS__)

static void diagnose_cpu(const struct real_probe *p, struct real_finding *l, size_t *n)
{
    bool able = p->vmx || p->svm;
    add(l, n, REAL_NOTE, "processor", "%s%s", p->cpu[0] ? p->cpu : "unknown",
        p->hypervisor ? ", in a virtual machine" : "");
    struct real_finding *f = add(l, n, able ? REAL_GOOD : REAL_BAD, "CPU flags", "%s",
                                 p->vmx   ? "vmx: Intel VT-x"
                                 : p->svm ? "svm: AMD-V"
                                          : "neither vmx (Intel VT-x) nor svm (AMD-V)");
    if (!able && !p->x86) {
        REMEDY(f, "the real path runs x86-64 guests, and this is no x86-64 processor; everything "
                  "else of Ringside works");
    } else if (!able && p->hypervisor) {
        REMEDY(f, "this computer is itself a virtual machine: its host must pass virtualization on "
                  "(QEMU: -cpu host with kvm_intel nested=1; VMware: \"Virtualize Intel "
                  "VT-x/EPT\"; Hyper-V: "
                  "ExposeVirtualizationExtensions; a cloud: an instance type with nested "
                  "virtualization or bare metal)");
    } else if (!able) {
        REMEDY(f, "turn virtualization on in the firmware's setup (often called VT-x, VMX, SVM or "
                  "AMD-V)");
    } else {
        bool nested = p->vmx ? p->ept : p->npt;
        add(l, n, nested ? REAL_GOOD : REAL_NOTE, "nested paging", "%s",
            nested ? p->vmx ? p->vpid ? "ept, vpid" : "ept" : "npt"
                   : "the processor has none: KVM uses shadow paging");
    }
}

static void diagnose_modules(const struct real_probe *p, struct real_finding *l, size_t *n)
{
    const char *module = p->svm ? "kvm_amd" : "kvm_intel", *name = p->svm ? "npt" : "ept";
    bool able = p->vmx || p->svm;
    struct real_finding *f =
        add(l, n,
            p->vendor_module ? REAL_GOOD
            : able           ? REAL_BAD
                             : REAL_NOTE,
            "kernel module", "%s%s", p->kvm_module ? "kvm" : "kvm is not loaded",
            p->vendor_module ? p->svm ? ", kvm_amd" : ", kvm_intel" : "");
    if (!p->vendor_module && able) {
        REMEDY(f, "load it: sudo modprobe %s", module);
    }
    if (p->nested_paging >= 0) {
        f = add(l, n, REAL_NOTE, "paging", "%s (%s=%d)", p->nested_paging ? "nested" : "shadow",
                name, p->nested_paging);
        REMEDY(
            f,
            "the other one, with no guest running: sudo modprobe -r %s && sudo modprobe %s %s=%d",
            module, module, name, !p->nested_paging);
    }
    if (p->apicv >= 0) {
        add(l, n, REAL_NOTE, "virtual APIC", "%s", p->apicv ? "on" : "off");
    }
    if (p->next_rip == 0) {
        add(l, n, REAL_NOTE, "exits", "do not say where the next instruction is: KVM decodes");
    }
    if (p->nesting >= 0) {
        add(l, n, REAL_NOTE, "nested guests", "%s",
            p->nesting ? "a guest may be a host in turn" : "not allowed");
    }
}

static void diagnose_node(const struct real_probe *p, struct real_finding *l, size_t *n)
{
    bool able = p->vmx || p->svm;
    if (!p->node) {
        struct real_finding *f = add(l, n, REAL_BAD, "/dev/kvm", "is not there");
        if (able) {
            REMEDY(
                f,
                "it comes with the kernel module; in a container, pass it in: --device /dev/kvm");
        } else {
            REMEDY(f, "it comes with the kernel module, which needs the CPU flags");
        }
        return;
    }
    if (p->can_open) {
        bool good = p->version != 0;
        struct real_finding *f = add(
            l, n, good ? REAL_GOOD : REAL_BAD, "/dev/kvm",
            good ? "opens, version %d" : "opens, and does not answer as KVM does (%d)", p->version);
        if (!good) {
            REMEDY(f, "something else has taken that name");
        } else if (p->software) {
            REMEDY(f, "a KVM in software stands behind it (as PVM does): guests would run, but not "
                      "by VT-x or AMD-V");
        }
        return;
    }
    struct real_finding *f = add(l, n, REAL_BAD, "/dev/kvm", "is there, and cannot be opened: %s",
                                 strerror(p->open_error));
    if (p->open_error == EACCES || p->open_error == EPERM) {
        if (p->owner[0]) {
            REMEDY(f, "join its group and log in again: sudo usermod -aG %s \"$USER\"", p->owner);
        } else {
            REMEDY(f, "give yourself access: sudo setfacl -m \"u:$USER:rw\" /dev/kvm");
        }
    } else {
        REMEDY(f,
               "no driver stands behind it: the module is not loaded, or found no VT-x or AMD-V");
    }
}

size_t real_diagnose(const struct real_probe *p, struct real_finding findings[REAL_FINDINGS_MAX])
{
    size_t n = 0;
    diagnose_cpu(p, findings, &n);
    add(findings, &n, REAL_NOTE, "kernel", "%s", p->kernel[0] ? p->kernel : "unknown");
    diagnose_modules(p, findings, &n);
    diagnose_node(p, findings, &n);
    if (p->can_open && !p->software && p->version != 0 && !real_probe_usable(p)) {
        add(findings, &n, REAL_BAD, "virtual machine", "%s", p->why_not);
    }
    struct real_finding *f =
        add(findings, &n, p->tracefs ? REAL_GOOD : REAL_NOTE, "trace events",
            p->tracefs ? "may be used: exits are told apart by reason" : "not for this user");
    if (!p->tracefs) {
        REMEDY(f, "not needed: KVM's own statistics count exits without it. With root's rights, "
                  "and tracefs mounted (mount -t tracefs none "
                  "/sys/kernel/tracing), every exit's reason is shown");
    }
    return n;
}
