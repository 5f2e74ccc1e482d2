// Translates exit codes.
#include "real/reason.h"

static const struct {
    unsigned first, last;
    enum exit_reason reason;
} svm_reasons[] = {
#define SVM_REASON(first, last, exit) {first, last, EXIT_##exit},
#include "real/reason.def"
#undef SVM_REASON
};

unsigned real_reason(enum real_vendor vendor, unsigned code)
{
    if (vendor == REAL_INTEL) {
        code &= 0xffff; // the flags above say how the exit came about
        return code < EXIT_FIRST_TRAP && exit_name(code) ? code : EXIT_REASONS;
    }
    for (size_t i = 0; i < sizeof svm_reasons / sizeof svm_reasons[0]; i++) {
        if (code >= svm_reasons[i].first && code <= svm_reasons[i].last) {
            return svm_reasons[i].reason;
        }
    }
    return EXIT_REASONS;
}

enum exit_reason real_reason_mmio(const struct real_platform *platform)
{
    if (platform->paging == REAL_SHADOW) {
        return EXIT_EXCEPTION_NMI;
    }
    return platform->vendor == REAL_INTEL ? EXIT_EPT_MISCONFIG : EXIT_EPT_VIOLATION;
}

enum exit_reason real_reason_fold(enum real_vendor vendor, enum exit_reason reason)
{
    if (vendor == REAL_AMD && reason == EXIT_MSR_READ) {
        return EXIT_MSR_WRITE;
    }
    if (vendor == REAL_AMD && reason == EXIT_EPT_MISCONFIG) {
        return EXIT_EPT_VIOLATION;
    }
    return reason;
}

bool real_reason_by_chance(unsigned reason)
{
    return reason == EXIT_EXTERNAL_INTERRUPT || reason == EXIT_INTERRUPT_WINDOW;
}

const char *real_vendor_name(enum real_vendor vendor)
{
    return vendor == REAL_INTEL ? "Intel VT-x" : "AMD-V";
}

const char *real_paging_name(enum real_paging paging)
{
    return paging == REAL_NESTED ? "nested" : "shadow";
}
