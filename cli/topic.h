// Everything that Ringside has a table of, as topics: what `list` prints and `explain` looks things up in.
#ifndef CLI_TOPIC_H
#define CLI_TOPIC_H

#include "cli/table.h"
#include "sim/cost.h"
#include "sim/isa.h"

struct topic {
    const char *name;                   // as the user types it: "exits"
    const char *singular;               // "exit"
    const char *doc;                    // what the topic is, a phrase
    const struct table_column *columns; // the first is the name, the last the one-line text
    size_t column_count;
    bool words; // the names are words, to be translated; else they are written so in every language
    int (*fill)(struct table *table); // adds all rows; a CLI status
    // Prints more than the row about item `name` (as in the first column); NULL: the row is all there is.
    void (*more)(FILE *out, const struct style *style, const char *name,
                 const struct cpu_model *model);
};

// All topics, ended by a row with a NULL name.
extern const struct topic topics[];

// The catalogue of what topics say, below scenarios/lang/CODE.
#define TOPIC_WORDS "explain"

// Prints all that is called `word`, as `ringside explain` does; false if nothing is. In cmd_explain.c.
bool topic_explain(FILE *out, const struct style *style, const char *word,
                   const struct cpu_model *model);

// What `more` of the topics print; in topic_more.c.
void topic_more_exit(FILE *out, const struct style *style, const char *name,
                     const struct cpu_model *model);
void topic_more_instruction(FILE *out, const struct style *style, const char *name,
                            const struct cpu_model *model);
void topic_more_cost(FILE *out, const struct style *style, const char *name,
                     const struct cpu_model *model);
void topic_more_vector(FILE *out, const struct style *style, const char *name,
                       const struct cpu_model *model);
void topic_more_category(FILE *out, const struct style *style, const char *name,
                         const struct cpu_model *model);
void topic_more_cpu(FILE *out, const struct style *style, const char *name,
                    const struct cpu_model *model);
void topic_more_workload(FILE *out, const struct style *style, const char *name,
                         const struct cpu_model *model);
void topic_more_program(FILE *out, const struct style *style, const char *name,
                        const struct cpu_model *model);

// In topic_arch.c: the space of architectures.
int topic_fill_architectures(struct table *table);
int topic_fill_options(struct table *table);
int topic_fill_aliases(struct table *table);
int topic_fill_hypercalls(struct table *table);
void topic_more_architecture(FILE *out, const struct style *style, const char *name,
                             const struct cpu_model *model);
void topic_more_option(FILE *out, const struct style *style, const char *name,
                       const struct cpu_model *model);
void topic_more_alias(FILE *out, const struct style *style, const char *name,
                      const struct cpu_model *model);
// Whether the processor reports the exit as a fault, which takes it longer; whether handling the exit may be charged for `key`. In topic_exit.c.
bool topic_exit_is_fault(unsigned reason);
bool topic_exit_pays(unsigned reason, enum cost_key key);
// Who handles an exit under each technique and platform, and at what price (topic_exit.c); which costs are paid into a category.
void topic_exit_handlers(FILE *out, const struct style *style, unsigned reason,
                         const struct cpu_model *model);
void topic_category_costs(FILE *out, const struct style *style, unsigned category,
                          const struct cpu_model *model);
// "key N cycles on model", and how that is known.
void topic_price(FILE *out, const struct style *style, const struct cpu_model *m,
                 enum cost_key key);

// The words for the columns of isa.def, as list, explain and exports use them.
const char *privilege_name(enum isa_priv priv);
const char *sensitivity_name(enum isa_sens sens);

#endif
