/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign.h"
#include "../util.h"

/* save2gdf is in Debian's package biosig-tools; it reads BrainVision, GDF, Neuroscan and WFDB. */
#define SAVE2GDF "convert it with \"save2gdf -f=BDF FILE FILE.bdf\" (Debian: biosig-tools)"

#define UTF16 "convert it with \"iconv -f UTF-16 -t UTF-8 FILE > FILE.csv\""

#define OWN_PROGRAM "export it as EDF or CSV with the program that wrote it"

/* What does not stand at the beginning of a file */
static const char *inner_format(const char *bytes, size_t n) {
        if (n >= 262 && memcmp(bytes + 257, "ustar", 5) == 0)
                return "this is a tar archive (those of OT BioLab are, too): unpack it first, or export the "
                       "signals as CSV or EDF";
        if (n >= 12 && memcmp(bytes + 2, "(C) CED 87", 10) == 0)
                return "this is a Spike2 recording: " OWN_PROGRAM;
        return NULL;
}

/* The header of a WFDB record is text: "100 2 360 650000", and a line with the file of each signal. */
static bool is_wfdb(const char *bytes, size_t n) {
        const char *line = memchr(bytes, '\n', n);
        const char *space = line ? memchr(line, ' ', n - (size_t) (line - bytes)) : NULL;

        return space && space - line > 5 && memcmp(space - 4, ".dat", 4) == 0;
}

const char *foreign_format(const char *bytes, size_t n) {
        static const struct {
                const char *magic;
                size_t size;
                const char *line;
        } table[] = {
                { "\x1f\x8b", 2,
                  "this is a gzip file: unpack it first with gunzip, or \"gunzip -c FILE | twitchctl "
                  "analyze -\"" },
                { "BZh", 3, "this is a bzip2 file: unpack it first with bunzip2" },
                { "\xfd"
                  "7zXZ",
                  5, "this is an xz file: unpack it first with unxz" },
                { "\x28\xb5\x2f\xfd", 4, "this is a zstd file: unpack it first with unzstd" },
                { "PK\x03\x04", 4,
                  "this is a zip archive (or an office document): unpack it first, or save the sheet as "
                  "CSV" },
                { "7z\xbc\xaf", 4, "this is a 7z archive: unpack it first" },
                { "GDF ", 4, "this is a GDF recording: " SAVE2GDF },
                { "Brain Vision", 12, "this is the header of a BrainVision recording: " SAVE2GDF },
                { "\xef\xbb\xbf"
                  "Brain Vision",
                  15, "this is the header of a BrainVision recording: " SAVE2GDF },
                { "BrainVision", 11, "this is a BrainVision recording: " SAVE2GDF },
                { "XDF:", 4, "this is an XDF recording: read it with pyxdf and write CSV or EDF" },
                { "Version 3.0", 11, "this is a Neuroscan recording: " SAVE2GDF },
                { "\x89HDF\r\n", 6,
                  "this is an HDF5 file (MATLAB 7.3, NWB, ...): write its signals as CSV or EDF" },
                { "MATLAB 5.0", 10,
                  "this is a MATLAB file: write its signals as CSV (writematrix) or EDF (edfwrite)" },
                { "\x93NUMPY", 6, "this is a NumPy array: write it as CSV (numpy.savetxt)" },
                { "PAR1", 4, "this is a Parquet file: write it as CSV" },
                { "\xff\xfe", 2, "this is text in UTF-16: " UTF16 },
                { "\xfe\xff", 2, "this is text in UTF-16: " UTF16 },
                { "RIFF", 4, "this is a sound file (WAV), whose values have no unit: write it as CSV" },
                { "\x02\x27\x91\xc6", 4, "this is an Intan recording: " OWN_PROGRAM },
                { "POLY SAMPLE FILE", 16, "this is a Poly5 recording (TMSi): " OWN_PROGRAM },
                { "\x02\x50", 2, "this is a C3D recording: " OWN_PROGRAM },
                { "\0\0\0\x64\0\0\0\x1f\0\0\0\x14", 12,
                  "this is a FIF recording (MNE): write it with raw.export(\"FILE.edf\")" },
                { "ABF", 3, "this is an ABF recording (Axon): " OWN_PROGRAM },
                { "SQLite format 3", 15, "this is an SQLite database: write its samples as CSV" },
                { "{", 1, "this is JSON: write its samples as CSV, a line a sample" },
                { "[{", 2, "this is JSON: write its samples as CSV, a line a sample" },
                { "%PDF", 4, "this is a PDF document, not a recording" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (n >= table[i].size && memcmp(bytes, table[i].magic, table[i].size) == 0)
                        return table[i].line;
        if (is_wfdb(bytes, n))
                return "this is the header of a WFDB record: " SAVE2GDF;
        return inner_format(bytes, n);
}
