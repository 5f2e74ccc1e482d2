// The command line's ways out and in: error lines, whole files read, files written atomically.
#include "cli/cli.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_error(enum cli_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout); // so that on a terminal the error stands after what was printed before it
    fputs("ringside: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return (int)status;
}

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

int cli_input_error(const char *path, unsigned line, unsigned column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "%s:", shown_name(path));
    if (line > 0) {
        fprintf(stderr, "%u:", line);
        if (column > 0) {
            fprintf(stderr, "%u:", column);
        }
    }
    fputc(' ', stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return CLI_BAD_INPUT;
}

// Reads to the end of the stream, into a buffer that doubles. NULL with errno set on failure; EFBIG
// means that there is more than `limit` bytes.
static char *read_stream(FILE *stream, size_t limit, size_t *size)
{
    size_t room = 4096, used = 0;
    char *data = malloc(room + 1);
    while (data) {
        used += fread(data + used, 1, room - used, stream);
        if (used > limit) {
            errno = EFBIG;
            break;
        }
        if (ferror(stream)) {
            break;
        }
        if (feof(stream)) {
            data[used] = '\0';
            *size = used;
            return data;
        }
        if (used == room) {
            char *larger = realloc(data, 2 * room + 1);
            if (!larger) {
                break;
            }
            data = larger;
            room *= 2;
        }
    }
    free(data);
    return NULL;
}

char *cli_read_file(const char *path, size_t limit, size_t *size)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *stream = standard ? stdin : fopen(path, "rb");
    if (!stream) {
        cli_input_error(path, 0, 0, "cannot open: %s", strerror(errno));
        return NULL;
    }
    char *data = read_stream(stream, limit, size);
    int error = errno;
    if (!standard) {
        fclose(stream);
    }
    if (!data && error == EFBIG) {
        cli_input_error(path, 0, 0, "larger than the limit of %zu bytes", limit);
    } else if (!data) {
        cli_input_error(path, 0, 0, "cannot read: %s", strerror(error));
    }
    return data;
}

static int write_error(const char *path, int error)
{
    return cli_error(CLI_UNAVAILABLE, "cannot write %s: %s", path, strerror(error));
}

// Whether renaming over `path` would be wrong: it exists and is a device, a pipe or the like.
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

// The permission bits for a file at `path`: those it has, or what the umask leaves.
static mode_t mode_for(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        return status.st_mode & 0777;
    }
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

// Opens path.XXXXXX beside `path`, with the permissions that the final file is to have.
static int open_temporary(struct cli_output *output)
{
    static const char suffix[] = ".XXXXXX";
    size_t length = strlen(output->path);
    output->temporary = malloc(length + sizeof suffix);
    if (!output->temporary) {
        return -1;
    }
    memcpy(output->temporary, output->path, length);
    memcpy(output->temporary + length, suffix, sizeof suffix);
    int descriptor = mkstemp(output->temporary);
    if (descriptor >= 0 && fchmod(descriptor, mode_for(output->path)) != 0) {
        int error = errno;
        close(descriptor);
        unlink(output->temporary);
        errno = error;
        return -1;
    }
    return descriptor;
}

static void forget(struct cli_output *output)
{
    free(output->path);
    free(output->temporary);
    *output = (struct cli_output){0};
}

int cli_output_open(struct cli_output *output, const char *path)
{
    *output = (struct cli_output){0};
    if (strcmp(path, "-") == 0) {
        output->stream = stdout;
        return CLI_OK;
    }
    // Through a symbolic link the file it points to is replaced, not the link.
    output->path = realpath(path, NULL);
    if (!output->path) {
        output->path = strdup(path);
    }
    if (output->path && is_special(output->path)) {
        output->stream = fopen(output->path, "wb");
    } else if (output->path) {
        int descriptor = open_temporary(output);
        output->stream = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    }
    if (!output->stream) {
        int error = errno;
        forget(output);
        return write_error(path, error);
    }
    return CLI_OK;
}

int cli_output_commit(struct cli_output *output)
{
    assert(output->stream);
    if (!output->path) {
        // cli_main looks at standard output's errors when all has been written to it.
        forget(output);
        return CLI_OK;
    }
    errno = 0;
    bool failed = ferror(output->stream) != 0;
    failed = fclose(output->stream) != 0 || failed;
    failed = failed || (output->temporary && rename(output->temporary, output->path) != 0);
    int status = CLI_OK;
    if (failed) {
        status = write_error(output->path, errno ? errno : EIO);
        if (output->temporary) {
            unlink(output->temporary);
        }
    }
    forget(output);
    return status;
}

void cli_output_abandon(struct cli_output *output)
{
    if (output->path) {
        fclose(output->stream);
        if (output->temporary) {
            unlink(output->temporary);
        }
    }
    forget(output);
}
