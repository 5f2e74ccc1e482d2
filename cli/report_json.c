// A run's report as JSON: every counter under the name that the printed report uses.
#include "cli/export.h"
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

static const char *const category_names[] = {
#define CYCLE(NAME, name, guest, doc) name,
#include "sim/cycle.def"
#undef CYCLE
};

static const struct {
    unsigned number;
    const char *name;
} exit_names[] = {
#define EXIT(NAME, name, number, group, doc) {number, name},
#include "sim/exit.def"
#undef EXIT
};

static void set_count(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, export_u64(value));
}

// The members that total and single processors have in common.
static void add_counters(json_t *o, const struct cpu_counters *c, uint64_t cycles)
{
    set_count(o, "instructions", c->instructions);
    set_count(o, "cycles", cycles);
    json_t *by = json_object();
    for (size_t i = 0; i < CYC_COUNT; i++) {
        set_count(by, category_names[i],
                  c->cycles[i]); // zeros too: the members are always the same
    }
    json_object_set_new(o, "cycles_by", by);
    json_t *exceptions = json_object();
    for (unsigned v = 0; v < 32; v++) {
        if (c->exceptions[v] > 0) {
            char number[16];
            snprintf(number, sizeof number, "%u", v);
            const char *name = vector_mnemonic(v);
            set_count(exceptions, name ? name : number, c->exceptions[v]);
        }
    }
    json_object_set_new(o, "exceptions", exceptions);
    set_count(o, "interrupts", c->interrupts);
    set_count(o, "syscalls", c->syscalls);
    set_count(o, "tlb_misses", c->l1i_miss + c->l1d_miss);
    set_count(o, "tlb_misses_fetch", c->l1i_miss);
    set_count(o, "tlb_misses_data", c->l1d_miss);
    set_count(o, "tlb_l2_hits_fetch", c->l2i_hit);
    set_count(o, "tlb_l2_hits_data", c->l2d_hit);
    set_count(o, "walks_fetch", c->walks_i);
    set_count(o, "walks_data", c->walks_d);
    set_count(o, "walk_refs", c->walk_refs_i + c->walk_refs_d);
    set_count(o, "walk_refs_fetch", c->walk_refs_i);
    set_count(o, "walk_refs_data", c->walk_refs_d);
    set_count(o, "device_accesses", c->mmio);
    set_count(o, "port_accesses", c->port_io);
    json_t *exits = json_object();
    for (size_t i = 0; i < sizeof exit_names / sizeof *exit_names; i++) {
        if (c->exits[exit_names[i].number] > 0) {
            set_count(exits, exit_names[i].name, c->exits[exit_names[i].number]);
        }
    }
    json_object_set_new(o, "exits", exits);
}

static json_t *stop_json(const struct report *report)
{
    const struct stop_info *stop = &report->stop;
    char place[PLACE_SIZE];
    json_t *o = json_object();
    json_object_set_new(o, "reason", json_string(report_stop_name(stop->reason)));
    json_object_set_new(o, "processor", json_integer(stop->cpu));
    uint64_t pc = report_stop_pc(report);
    json_object_set_new(o, "pc", export_hex(pc));
    report_place(place, report->image, pc);
    json_object_set_new(o, "where", export_text(place, strlen(place)));
    if (stop->reason == STOP_POWEROFF) {
        set_count(o, "status", stop->status);
    }
    if (stop->reason == STOP_TRIPLE_FAULT) {
        json_t *vectors = json_array();
        for (int i = 0; i < 3; i++) {
            json_array_append_new(vectors, json_integer(stop->vector[i]));
        }
        json_object_set_new(o, "vectors", vectors);
        json_object_set_new(o, "fault_address", export_hex(stop->fault_addr));
    }
    return o;
}

json_t *report_json(const struct report *report)
{
    json_t *o = json_object(), *cpus = json_array();
    struct cpu_counters total = report_total(report);
    uint64_t cycles = 0;
    for (unsigned i = 0; i < report->cpus; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "processor", json_integer(i));
        add_counters(one, &report->counters[i], report->time[i]);
        json_array_append_new(cpus, one);
        cycles += report->time[i];
    }
    json_object_set_new(o, "program", export_text(report->program, strlen(report->program)));
    json_object_set_new(o, "cpu", json_string(report->cpu));
    json_object_set_new(o, "mhz", json_integer(report->mhz));
    set_count(o, "ram", report->ram);
    json_object_set_new(o, "levels", json_integer(report->levels));
    json_object_set_new(o, "holes_closed", json_boolean(report->holes_closed));
    json_object_set_new(o, "stop", stop_json(report));
    json_object_set_new(o, "console", export_text(report->console, report->console_size));
    add_counters(o, &total, cycles);
    json_object_set_new(o, "processors", cpus);
    return o;
}
