// session_change.c: the same guest run otherwise, to the same instruction; and several side by side.
#include "models/session_impl.h"
#include "sim/catalog.h"

#include <stdio.h>
#include <stdlib.h>

static bool rerun(struct session *s, const struct run_spec *spec, char *err, size_t err_size)
{
    struct run_spec before = s->spec;
    uint64_t at = session_position(s).instructions;
    s->spec = *spec;
    if (!session_boot(s, err, err_size)) {
        s->spec = before;
        return false;
    }
    s->undos = 0; // the positions there are were another machine's
    s->hit = -1;
    session_break_prepare(s);
    session_seek(s, (struct session_position){.instructions = at}, false);
    return true;
}

// "key=value", several behind commas.
static bool set_options(struct arch_config *c, const char *what, char *err, size_t err_size)
{
    char text[160];
    snprintf(text, sizeof text, "%s", what);
    for (char *at = text; at;) {
        char *comma = strchr(at, ','), *equals;
        if (comma) {
            *comma = '\0';
        }
        equals = strchr(at, '=');
        if (!equals) {
            snprintf(err, err_size, TEXT("%s: no option; write key=value"), at);
            return false;
        }
        *equals = '\0';
        if (!arch_set(c, at, equals + 1, err, err_size)) {
            return false;
        }
        at = comma ? comma + 1 : NULL;
    }
    return true;
}

bool session_change(struct session *s, const char *what, char *err, size_t err_size)
{
    struct run_spec spec = s->spec;
    size_t name = strcspn(what, "=,");
    bool ok = what[name] == '=' ? set_options(&spec.arch, what, err, err_size)
                                : arch_parse(&spec.arch, what, err, err_size);
    return ok && arch_valid(&spec.arch, spec.config.model, err, err_size) &&
           rerun(s, &spec, err, err_size);
}

bool session_change_cpu(struct session *s, const struct cpu_model *model, char *err,
                        size_t err_size)
{
    struct run_spec spec = s->spec;
    spec.config.model = model;
    return arch_valid(&spec.arch, model, err, err_size) && rerun(s, &spec, err, err_size);
}
