// Scenarios in Lua: the sandbox holds, mistakes have a line, results are the simulator's, and the documentation's examples run.
#include "cli/run.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    struct run_world world; // first: what the host's functions get
    char said[4096];
};

static void say(void *ctx, enum scenario_text kind, const char *text)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->said);
    (void)kind;
    snprintf(seen->said + used, sizeof seen->said - used, "%s\n", text);
}

static struct seen seen; // large; its toy OS is built once

static enum scenario_status perform(const char *text, const struct scenario_limits *limits,
                                    struct scenario_facts *facts, struct scenario **keep,
                                    char err[512])
{
    const struct scenario_host host = {.ctx = &seen,
                                       .os = run_world_os,
                                       .cpu = run_world_cpu,
                                       .program = run_world_program,
                                       .say = say};
    struct scenario *s = scenario_create("t.lua", text, strlen(text), &host, limits, 1);
    seen.said[0] = '\0';
    err[0] = '\0';
    enum scenario_status status = scenario_perform(s, NULL, 0, err, 512);
    scenario_facts(s, facts);
    if (keep) {
        *keep = s;
    } else {
        scenario_free(s);
    }
    return status;
}

// Each is refused with a message that begins with the line and has these words.
static void refuses(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"io.open('/etc/passwd')", "t.lua:1: "},
        {"os.exit(0)", "t.lua:1: "},
        {"debug.sethook()", "t.lua:1: "},
        {"require 'x'", "t.lua:1: "},
        {"load('x')", "t.lua:1: "},
        {"\n\nx = (", "t.lua:3: "},
        {"\27Lua", "t.lua"},
        {"while true do end", "t.lua:1: the script works for too long"},
        {"while true do pcall(function() while true do end end) end", "works for too long"},
        {"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "memory"},
        {"local s = ('x'):rep(100000) while true do local t = s .. 'y' end", "copies too much"},
        {"(''):rep(1 << 60)", "t.lua:1: string.rep"},
        {"(('a'):rep(5000)):find(('.-'):rep(9) .. 'b')", "t.lua:1: this pattern"},
        {"setmetatable({}, {__gc = function() while true do end end})", "__gc"},
        {"table.concat(setmetatable({}, {__len = function() return 1 << 40 end}))", "metatable"},
        {"string.format('%p', {})", "address"},
        {"ringside.api(2)", "t.lua:1: this Ringside has version 1"},
        {"ringside.api(1).run{workload='siev'}",
         "t.lua:1: no workload 'siev' (did you mean 'sieve'?)"},
        {"lessn 'x'",
         "t.lua:1: attempt to call a nil value (global 'lessn'); did you mean 'lesson'?"},
        {"ringside.api(1).compre{}", "(field 'compre'); did you mean 'compare'?"},
        {"local r = run{workload='hello'}\nprint(r.exits.APIC_ACESS)",
         "t.lua:2: there is no exit 'APIC_ACESS' (did you mean 'APIC_ACCESS'?)"},
        {"local r = run{workload='hello'}\nprint(r.exitcount)",
         "t.lua:2: a result has no 'exitcount' (did you mean 'exit_count'?)"},
        {"local r = run{workload='hello'}\nprint(r.cycles_by.dom0)",
         "t.lua:2: there is no category of cycles 'dom0'"},
        {"local r = run{workload='hello'}\nprint(r.stat.mmios)", "(did you mean 'mmio'?)"},
        {"local r = run{workload='hello'}\nprint(r.hypercalls.iert)", "(did you mean 'iret'?)"},
        {"ringside.api(1).run{workload='sieve', arch='kvn'}", "did you mean"},
        {"ringside.api(1).run{workload='sieve', cpu='zeon'}", "did you mean 'xeon'"},
        {"ringside.api(1).run{workload='sieve', turbo=1}", "a guest has no 'turbo'"},
        {"ringside.api(1).run{workload='sieve', n=-1}", "'n' must be a whole number"},
        {"ringside.api(1).run{program='start: jump x'}", "program:1:8:"},
        {"ringside.api(1).run{workload='sieve', arch='kvm', cpu='risc'}", "t.lua:1: "},
        {"ringside.api(1).run{workload='sieve', set={vpid=7}, arch='kvm'}", "vpid"},
        {"error({})", "error()"},
        {"local function f() return f() + 1 end f()", "t.lua"},
        {"return { lesson = 7 }", "'lesson' must be"},
        {"return { main = 7 }", "'main' must be a function"},
    };
    const struct scenario_limits limits = {.steps = 400000, .memory = 1 << 20};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario_facts facts;
        char err[512];
        enum scenario_status status = perform(cases[i].text, &limits, &facts, NULL, err);
        if (status != SCENARIO_ERROR || !strstr(err, cases[i].words)) {
            FAIL("%s: status %d, '%s' lacks '%s'", cases[i].text, status, err, cases[i].words);
        }
    }
}

static void keeps_what_was_computed(void)
{
    struct scenario_facts facts;
    struct scenario *s;
    char err[512];
    enum scenario_status status =
        perform("local rs = ringside.api(1)\nrs.run { workload = 'hello' }\n"
                "rs.expect(false, 'no')\nrs.run { workload = 'nothing' }",
                NULL, &facts, &s, err);
    CHECK(status == SCENARIO_ERROR && strncmp(err, "t.lua:4: ", 9) == 0);
    CHECK_U64(facts.run_count, 1);
    CHECK_U64(facts.expectation_count, 1);
    CHECK_U64(facts.failed, 1);
    CHECK_U64(facts.expectations[0].line, 3);
    CHECK(facts.runs[0].right && facts.runs[0].result.instructions > 1000);
    scenario_free(s);
}

// What a script sees of a run is what the library says of it.
static void agrees_with_the_library(void)
{
    struct scenario_facts facts;
    struct scenario *s;
    char err[512], want[256];
    perform("local rs = ringside.api(1)\n"
            "local r = rs.compare { workload = 'nullcall', n = 20, archs = { 'kvm' } }\n"
            "local m = rs.machine { workload = 'nullcall', n = 20, arch = 'kvm' }\n"
            "m:step(1000) m:run()\n"
            "print(r.kvm.cycles, r.kvm.exit_count, m:result().cycles, m:result().exit_count)",
            NULL, &facts, &s, err);
    CHECK_STR(err, "");
    REQUIRE(facts.run_count == 2);
    const struct run_result *r = &facts.runs[1].result;
    CHECK(r->exits_all > 0 && facts.runs[1].right);
    snprintf(want, sizeof want, "%llu\t%llu\t%llu\t%llu\n", (unsigned long long)r->cycles,
             (unsigned long long)r->exits_all, (unsigned long long)r->cycles,
             (unsigned long long)r->exits_all);
    CHECK_STR(seen.said, want);
    scenario_free(s);
}

static void is_deterministic(void)
{
    static const char text[] = "local t = {} for i = 1, 50 do t['k' .. math.random(1000)] = i end\n"
                               "local s = '' for k, v in pairs(t) do s = s .. k .. v end\n"
                               "print(s, {}, print, math.random())";
    struct scenario_facts facts;
    char err[512], first[sizeof seen.said];
    perform(text, NULL, &facts, NULL, err);
    memcpy(first, seen.said, sizeof first);
    CHECK(strlen(first) > 100);
    perform(text, NULL, &facts, NULL, err);
    CHECK_STR(seen.said, first);
}

// Actions come at their conditions: as many CPUID exits are seen as there are, and in order of time.
static void acts_on_conditions(void)
{
    struct scenario_facts facts;
    char err[512];
    perform("local rs = ringside.api(1)\n"
            "local m = rs.machine { workload = 'hello', arch = 'kvm' }\n"
            "local seen, last, probes = 0, 0, 0\n"
            "m:on('exit', 'CPUID', function(m) seen = seen + 1 assert(m:time() >= last) last = "
            "m:time() end)\n"
            "m:every(20000, 'p', function(m) probes = probes + 1 return probes end)\n"
            "m:on('console', 'hello', function(m) print('greeted') end)\n"
            "m:run()\nprint(seen == m:result().exits.CPUID, seen > 0, probes > 3)\n"
            "print(pcall(function() m:on('exit', 'NOPE', print) end))",
            NULL, &facts, NULL, err);
    CHECK_STR(err, "");
    CHECK(strstr(seen.said, "greeted\n") != NULL);
    CHECK(strstr(seen.said, "true\ttrue\ttrue\n") != NULL);
    CHECK(strstr(seen.said, "no exit reason 'NOPE'") != NULL);
}

// ... and not only some time after: every single exit is seen, also where many come close together, and times are met to the instruction.
static void acts_on_each_exit_and_in_time(void)
{
    struct scenario_facts facts;
    char err[512];
    perform("for _, arch in ipairs { 'type1/fullvirt-trap', 'kvm,paging=shadow', 'xen-pv' } do\n"
            "  local m = machine { workload = 'mmap', n = 3, arch = arch }\n"
            "  local exits, late = 0, 0\n"
            "  m:on('exit', 'any', function(m) exits = exits + 1 end)\n"
            "  m:at(300000, function(m) late = m:time() - 300000 end)\n"
            "  m:run()\n"
            "  print(exits == m:result().exit_count, exits > 100, late >= 0 and late < 30000)\n"
            "end\n"
            "local m = machine { workload = 'mmap', n = 3 }\n"
            "local faults, late = 0, -1\n"
            "m:on('fault', 14, function(m) faults = faults + 1 end)\n"
            "m:at(123456, function(m) late = m:time() - 123456 end)\n"
            "m:run()\n"
            "print(faults > 3, late >= 0 and late < 5000)\n",
            NULL, &facts, NULL, err);
    CHECK_STR(err, "");
    CHECK_STR(seen.said, "true\ttrue\ttrue\ntrue\ttrue\ttrue\ntrue\ttrue\ttrue\ntrue\ttrue\n");
}

// Every example of the page, in order; and the page has some.
static void documentation_runs(void)
{
    static char page[1 << 16];
    FILE *file = fopen("docs/scenarios.md", "r");
    unsigned examples = 0;
    REQUIRE(file != NULL);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (char *at = strstr(page, "```lua\n"); at; at = strstr(at, "```lua\n")) {
        struct scenario_facts facts;
        struct scenario *s;
        char err[512], *text = at + 7, *end = strstr(text, "\n```");
        REQUIRE(end != NULL);
        *end = '\0';
        enum scenario_status status = perform(text, NULL, &facts, &s, err);
        examples++;
        if (status != SCENARIO_OK || facts.failed > 0) {
            FAIL("example %u: status %d, %zu failed, %s", examples, status, facts.failed, err);
        }
        scenario_free(s);
        at = end + 1;
    }
    CHECK(examples >= 6);
    run_world_free(&seen.world);
    memset(&seen, 0, sizeof seen);
}

TEST_SUITE(scenario, {"what a script may not do is refused at its line", refuses},
           {"what was computed before a mistake is kept", keeps_what_was_computed},
           {"a script sees the library's numbers", agrees_with_the_library},
           {"scripts print the same each time", is_deterministic},
           {"actions come when their condition holds", acts_on_conditions},
           {"each exit is seen, and times are met", acts_on_each_exit_and_in_time},
           {"every example of docs/scenarios.md runs", documentation_runs});
