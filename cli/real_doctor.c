// `ringside real doctor`: what this computer has for the real path, and how to get what it lacks.
#include "cli/export.h"
#include "cli/real.h"

#include <string.h>

static const char *const verdict_names[] = {
    [REAL_GOOD] = "ok", [REAL_NOTE] = "-", [REAL_BAD] = "missing"};

static int export_findings(const struct real_options *o, const struct real_finding *list,
                           size_t count, const struct real_probe *p)
{
    json_t *document = export_document("ringside/real-doctor/1", CLI_DEFAULT_SEED),
           *items = json_array();
    json_object_del(document, "seed"); // nothing here is random
    json_object_set_new(document, "mode", json_string(real_probe_usable(p) ? "real" : "simulated"));
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object();
        json_object_set_new(item, "what", export_text(list[i].title, strlen(list[i].title)));
        json_object_set_new(item, "verdict", json_string(verdict_names[list[i].verdict]));
        json_object_set_new(item, "found", export_text(list[i].found, strlen(list[i].found)));
        json_object_set_new(item, "remedy", export_text(list[i].remedy, strlen(list[i].remedy)));
        json_array_append_new(items, item);
    }
    json_object_set_new(document, "findings", items);
    return export_json(o->export_json, document);
}

static void print_findings(const struct style *style, const struct real_finding *list, size_t count)
{
    struct table *table = table_new((const struct table_column[]){{"", TABLE_LEFT},
                                                                  {"what", TABLE_LEFT},
                                                                  {"found", TABLE_WRAP}},
                                    3);
    for (size_t i = 0; i < count; i++) {
        enum tone tone = list[i].verdict == REAL_BAD    ? TONE_BAD
                         : list[i].verdict == REAL_GOOD ? TONE_GOOD
                                                        : TONE_DIM;
        table_tone(table, tone, "%s", verdict_names[list[i].verdict]);
        table_cell(table, "%s", list[i].title);
        table_cell(table, "%s", list[i].found);
        if (list[i].remedy[0]) {
            table_cell(table, "%s", "");
            table_cell(table, "%s", "");
            table_cell(table, "%s %s", style->utf8 ? "→" : "->", list[i].remedy);
        }
    }
    table_print(stdout, style, table, 0);
    table_free(table);
}

int real_doctor_command(const struct cli *cli, const struct real_options *o)
{
    struct style style = style_of(cli);
    struct real_probe p;
    struct real_finding list[REAL_FINDINGS_MAX];
    real_probe(o->root ? o->root : "", &p);
    size_t count = real_diagnose(&p, list);
    bool quiet = o->export_json && strcmp(o->export_json, "-") == 0;
    if (!quiet) {
        print_findings(&style, list, count);
        putchar('\n');
        if (real_probe_usable(&p)) {
            puts("Guests can run on the real processor: try 'ringside real run'.");
        } else {
            puts("Guests cannot run on the real processor here. Everything else of Ringside works, "
                 "simulated.");
        }
    }
    int status = o->export_json ? export_findings(o, list, count, &p) : CLI_OK;
    return status != CLI_OK ? status : real_probe_usable(&p) ? CLI_OK : CLI_UNAVAILABLE;
}
