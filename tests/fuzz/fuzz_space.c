// Descriptions of address spaces from anywhere: refused with a line, or walked without harm at every region.
#include "cli/translate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct space *space = malloc(sizeof *space);
    char *text = malloc(size + 1);
    if (space && text) {
        if (size > 0) {
            memcpy(text, data, size);
        }
        text[size] = '\0';
        if (space_parse("fuzzed", text, space) == 0) {
            for (unsigned i = 0; i < space->regions; i++) {
                struct translation t;
                const struct walk_access access = {.write = i % 2, .user = true, .wp = true};
                translation_make(&t, space, space->region[i].va, access, 3, true, NULL);
            }
            space_free(space);
        }
    }
    free(text);
    free(space);
    return 0;
}
