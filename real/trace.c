// Uses tracefs as Documentation/trace/histogram.rst says.
#include "real/trace.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

enum { HIST_SIZE = 1 << 16, THREADS_MAX = 16 };

static bool write_text(const char *folder, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

static const char event[] = "events/kvm/kvm_exit/trigger";

bool real_trace_resume(const struct real_trace *t)
{
    return t->on && write_text(t->instance, event, "hist:keys=common_pid,exit_reason:size=4096");
}

void real_trace_pause(const struct real_trace *t)
{
    if (t->on) {
        write_text(t->instance, event, "!hist:keys=common_pid,exit_reason:size=4096");
    }
}

bool real_trace_begin(struct real_trace *t)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(t->instance, sizeof t->instance, "%s/instances/ringside-%ld", places[i],
                 (long)getpid());
        if (mkdir(t->instance, 0700) == 0) {
            t->on = true;
            if (real_trace_resume(t)) {
                real_trace_pause(t);
                return true;
            }
            real_trace_end(t);
        }
    }
    t->on = false;
    return false;
}

void real_trace_end(struct real_trace *t)
{
    if (t->on) {
        real_trace_pause(t);
        rmdir(t->instance);
        t->on = false;
    }
}

// The value of "key: value" in the text before `end`.
static bool field(const char *at, const char *end, const char *key, uint64_t *value)
{
    const char *found = strstr(at, key);
    if (!found || found >= end) {
        return false;
    }
    found += strlen(key);
    found += strspn(found, ": \t");
    char *stop;
    *value = strtoull(found, &stop, 0);
    return stop != found;
}

void real_trace_parse(const char *text, enum real_vendor vendor, const pid_t *threads,
                      unsigned thread_count, struct real_trace_counts *counts)
{
    *counts = (struct real_trace_counts){0};
    for (const char *line = text; *line;) {
        const char *end = line + strcspn(line, "\n");
        uint64_t code, hits, pid;
        bool ours = false;
        if (line[0] == '{' && field(line, end, "exit_reason", &code) &&
            field(line, end, "hitcount", &hits) && field(line, end, "common_pid", &pid)) {
            for (unsigned i = 0; i < thread_count; i++) {
                ours = ours || (uint64_t)threads[i] == pid;
            }
            if (ours) {
                counts->exits[real_reason(vendor, (unsigned)code)] += hits;
            }
        }
        line = *end ? end + 1 : end;
    }
}

static unsigned own_threads(pid_t threads[THREADS_MAX])
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/task");
    for (struct dirent *entry; dir && (entry = readdir(dir)) && count < THREADS_MAX;) {
        long id = strtol(entry->d_name, NULL, 10);
        if (id > 0) {
            threads[count++] = (pid_t)id;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

bool real_trace_read(const struct real_trace *t, enum real_vendor vendor,
                     struct real_trace_counts *counts)
{
    if (!t->on) {
        return false;
    }
    char path[160];
    snprintf(path, sizeof path, "%s/events/kvm/kvm_exit/hist", t->instance);
    FILE *file = fopen(path, "r");
    char *text = file ? malloc(HIST_SIZE) : NULL;
    size_t size = text ? fread(text, 1, HIST_SIZE - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    if (!text) {
        return false;
    }
    text[size] = '\0';
    pid_t threads[THREADS_MAX];
    unsigned count = own_threads(threads);
    real_trace_parse(text, vendor, threads, count, counts);
    free(text);
    return true;
}
