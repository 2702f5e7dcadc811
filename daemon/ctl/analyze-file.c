/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyze-file.h"

void analyze_put_field(FILE *f, const char *text, char separator) {
        bool quote = separator == ',' && strpbrk(text, ",\"");

        if (!text[0] && separator == '\t')
                text = "n/a";
        if (quote)
                putc('"', f);
        for (; *text; text++) {
                if (*text == '"' && quote)
                        putc('"', f);
                putc((unsigned char) *text < 32 || *text == 127 ? ' ' : *text, f);
        }
        if (quote)
                putc('"', f);
}

int analyze_write_file(const AnalyzeOutput *o, const char *path, AnalyzeWriter write) {
        _cleanup_free_ char *other = NULL;

        if (asprintf(&other, "%s.part", path) < 0)
                return -ENOMEM;
        FILE *f = fopen(other, "we");
        int r = f ? write(o, f) : -errno;
        if (f) {
                if (ferror(f) && r >= 0)
                        r = -EIO;
                if (fclose(f) != 0 && r >= 0)
                        r = -errno;
        }
        if (r >= 0 && rename(other, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlink(other);
        return r;
}
