/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every sentence that the answers say to a person, on the terminal and on paper: trends, triggers,
 * experiments, felt against measured, the profile. Nowhere else in daemon/answers, daemon/report and the
 * verbs that use them is there a sentence of its own; tests/ctl/words holds these against lists of words
 * that diagnose, alarm or reassure, and against the fixed texts.
 *
 * %s and numbers are filled in where they are said.
 */
#pragma once

/* --- fixed texts: never computed, never left out ------------------------------------------ */

#define SAY_NOT_MEDICAL_1 "Research and educational software. Not a medical device."
#define SAY_NOT_MEDICAL_2 \
        "It does not diagnose, screen, monitor, treat or prevent any disease; its results may be " \
        "wrong."
#define SAY_SEE_NEUROLOGIST \
        "When to see a neurologist, whatever is or is not counted here: weakness, wasting of muscle, " \
        "numbness, trouble with speech, swallowing or breathing, or changes in heartbeat, blood " \
        "pressure, bladder or bowel."
#define SAY_CANNOT_TELL \
        "What this cannot tell: why a muscle twitches. There is no normal range: counts differ " \
        "widely between people, muscles and days. Only muscles with electrodes are seen, and only " \
        "twitches above the floor. A count is no reason for or against seeing a doctor."

/* --- whatever is asked -------------------------------------------------------------------- */

#define SAY_NO_SESSIONS \
        "There is no session with usable rest in this time yet. Begin one with: twitchctl session " \
        "start"
#define SAY_ALL_SITES "all sites"
#define SAY_CHOOSE_SITE "There is no site \"%s\" in this history. There are:"
#define SAY_CANNOT_OPEN "The history cannot be opened: %s"
#define SAY_DAMAGED "it is damaged"
#define SAY_CANNOT_COMPUTE "This cannot be computed: %s"
#define SAY_NEEDS_SERVICE "This is written into the history, so it takes the service: leave out --history"
#define SAY_BAD_NUMBER "--%s takes a whole number from %u to %u, not \"%s\""
#define SAY_BAD_DATE "--%s takes a day such as 2026-11-30, not \"%s\""
#define SAY_BAD_BY "--by takes session, day, week or hour, not \"%s\""

/* --- trends ------------------------------------------------------------------------------- */

#define SAY_TREND_TITLE "Twitches a minute of rest at a site, %s, %s to %s"
#define SAY_TREND_FLOOR "Only twitches of %.0f uV and more, which %zu of %zu sessions could see."
#define SAY_NOISY "noisy"
#define SAY_NOISY_NOTE \
        "noisy: electrodes or surroundings hid twitches of that size; left out of every comparison"
#define SAY_DOT_NOTE "*: fewer than %u sessions in this hour of the day"
#define SAY_PLOT_TITLE "0 to %.1f a minute: marks with their 95 %% intervals, dotted; time goes from left to right"
#define SAY_PICTURE "Twitches a minute of rest at a site, %s, of %.0f uV and more"
#define SAY_FORTNIGHT "The last two weeks beside the two weeks before"
#define SAY_EXERTION "After exertion beside other sessions"
#define SAY_EVENING "Evenings (from 18:00) beside earlier in the day"
#define SAY_RATIO_CLEAR "%s: %.1f times as many (between %.1f and %.1f)."
#define SAY_RATIO_UNCLEAR "%s: no clear difference (between %.1f and %.1f times as many)."
#define SAY_RATIO_UNKNOWN \
        "%s: not known yet; it takes two sessions or more on either side (there are %zu and %zu)."
#define SAY_PATTERNS "Doublets and multiplets: %.0f %% of the twitches. Regular runs: %.0f."
#define SAY_EXCLUDED "Not counted: %.0f of %.0f channel-minutes."
#define SAY_EXCLUDED_CAUSES "Causes, in minutes:"

/* --- triggers ----------------------------------------------------------------------------- */

#define SAY_NO_QUESTIONS \
        "No question is asked yet. Ask about a kind of diary entry with: twitchctl ask KIND. " \
        "Sessions after that are compared in pairs."
#define SAY_QUESTION "%s, asked on %s: %zu pairs (%zu sessions with, %zu without)"
#define SAY_QUESTION_LESS "%s below what is usual, asked on %s: %zu pairs (%zu sessions with, %zu without)"
#define SAY_QUESTION_MORE "%s above what is usual, asked on %s: %zu pairs (%zu sessions with, %zu without)"
#define SAY_GOES_WITH_MORE "Goes with more twitching: %.1f times as much (between %.1f and %.1f)."
#define SAY_GOES_WITH_LESS "Goes with less twitching: %.2f times as much (between %.2f and %.2f)."
#define SAY_NO_DOUBLING "No doubling: at most %.1f times as much."
#define SAY_NOT_KNOWN "Not known yet; a doubling would show after about %u more pairs."
#define SAY_NOT_KNOWN_LONG "Not known yet; a doubling would take more than %u more pairs."
#define SAY_STANDS_AT "The guesser stands at %.2g-fold; the bound is %.0f-fold."
#define SAY_GUESSER \
        "A guesser who sees only the twitch counts bets which of two days had the entry. If it makes " \
        "no difference he cannot win: over all questions together, at most 1 person in 20 ever sees " \
        "him reach the bound, however often they look."
#define SAY_GOES_NOT_MAKES \
        "\"Goes with\" is not \"makes\": other habits may go along. Only an experiment can tell " \
        "(twitchctl experiment)."
#define SAY_RELIEF \
        "People take this when it is bad, so diary days cannot tell whether it helps. An experiment " \
        "can: twitchctl experiment plan %s"
#define SAY_BETS_KEPT "%zu new pairs are kept in the history for good."
#define SAY_BETS_NOT_KEPT "%zu pairs are not in the history yet: without --history they are kept."
#define SAY_ASKED \
        "Asked about %s. Sessions from now on count; entries must be written before a session begins."
#define SAY_DROPPED \
        "No longer asked about %s. Its pairs and its place among the questions stay in the history."
#define SAY_NO_KIND "There is no kind \"%s\" that can be asked about. There are:"
#define SAY_NOT_ASKED "%s was not asked about: twitchctl ask %s"

/* --- experiments -------------------------------------------------------------------------- */

#define SAY_PLAN \
        \
        \
        \
        \
        \
        "Experiment %" PRId64 \
        ": %s, %u blocks of two sessions, one with and one without, in an order by coin."
#define SAY_PLAN_POWER \
        "In 8 of 10 such experiments it finds %.1f times as much where days vary together, %.1f " \
        "times where each day varies by itself; smaller effects are mostly not found."
#define SAY_PLAN_POWER_NONE "So few blocks find hardly anything."
#define SAY_SEAL "Seal of the order (SHA-256): %s"
#define SAY_PLAN_RULES \
        "The two sessions of a block are 2 to 7 days apart, at the same time of day. Results show " \
        "after %u, %u, %u and %u blocks and not between. Next: twitchctl experiment next"
#define SAY_NO_EXPERIMENT "There is no experiment. Plan one with: twitchctl experiment plan KIND"
#define SAY_ONE_AT_A_TIME "Experiment %" PRId64 " (%s) is not over; one at a time."
#define SAY_NEXT_WITH "Block %u of %u, session %u of 2: with %s. Log it, then start a session."
#define SAY_NEXT_WITHOUT \
        "Block %u of %u, session %u of 2: without %s. Start a session when the time has come."
#define SAY_NEXT_NOT_BEFORE "Not before %s."
#define SAY_NEXT_OVER "All blocks are over: twitchctl experiment result"
#define SAY_BLOCK_VOID "Block %u is void: %s. Both of its sessions are left out."
#define SAY_VOID_LATE "the second session was not within 7 days"
#define SAY_STATUS \
        \
        \
        \
        \
        \
        "Experiment %" PRId64 \
        ": %s, %u of %u blocks over, %u void (with first: %u, without first: %u)."
#define SAY_LOOK_NEXT "The next look is after block %u."
#define SAY_RESULT_RUNNING \
        "No claim at the look after block %u. Beyond %.1f to %.1f times as much is ruled out."
#define SAY_RESULT_RUNNING_OPEN "No claim at the look after block %u; it rules nothing out yet."
#define SAY_STOPPED "Experiment %" PRId64 " (%s) is ended. What it has is kept."
#define SAY_RESULT_NO_LOOK "There was no look yet; the first is after block %u."
#define SAY_RESULT_MORE "%s makes more twitching: %.1f times as much (between %.1f and %.1f), p = %.2g."
#define SAY_RESULT_LESS "%s makes less twitching: %.2f times as much (between %.2f and %.2f), p = %.2g."
#define SAY_RESULT_NOTHING "No effect was found. Beyond %.1f to %.1f times as much is ruled out."
#define SAY_RESULT_VOID "One block in five or more is void: no claim."
#define SAY_ORDER "Order as sealed: %s"

/* --- felt against measured ---------------------------------------------------------------- */

#define SAY_FELT_NONE "No felt twitch is marked in this time. Mark one with: twitchctl felt"
#define SAY_FELT_MARKS "%zu felt twitches were marked, %.0f of them in sessions at sites with electrodes."
#define SAY_FELT_MET \
        "%.0f of these came within %.0f s after a measured twitch; chance alone would make that " \
        "%.1f. Beyond chance: %.0f %% (between %.0f and %.0f %%)."
#define SAY_FELT_NOTHING \
        "With the others, nothing electrical was seen at these electrodes. That is a valid answer: " \
        "what is felt can come from elsewhere."
#define SAY_FELT_TWITCHES \
        "Of %.0f measured twitches in those sessions %.0f were felt; beyond chance: %.0f %% (between " \
        "%.0f and %.0f %%)."

/* --- the profile -------------------------------------------------------------------------- */

#define SAY_PROFILE "Twitch profile"
#define SAY_PROFILE_PERIOD "%s to %s (%d days)"
#define SAY_PROFILE_VERSION "twitchd %s, device %s"
#define SAY_MASKED "not shown"
#define SAY_PROFILE_SITES "Measured: %s"
#define SAY_PROFILE_SITES_NOT "Not measured: %s"
#define SAY_SUFFICIENCY "Is there enough?"
#define SAY_SUFFICIENCY_DAYS \
        "Measured on %zu of %d days, in %zu sessions (%zu noisy, %zu taken out by the person)."
#define SAY_SUFFICIENCY_MIN "Usable rest: %s"
#define SAY_SUFFICIENCY_EXCLUDED "Not usable: %.0f of %.0f channel-minutes%s%s"
#define SAY_SUFFICIENCY_FLOOR \
        "Floor (smallest twitch found 9 times in 10): %.0f to %.0f uV; rates count from %.0f uV."
#define SAY_TOO_LITTLE \
        "Too little for a profile (fewer than %u sessions, or %u minutes at a site): raw numbers " \
        "only."
#define SAY_BY_SITE "By site"
#define SAY_COLUMN_SITE "site"
#define SAY_COLUMN_RATE "a minute [25-75 %]"
#define SAY_COLUMN_RANGE "range"
#define SAY_COLUMN_SIZE "uV [25-75 %]"
#define SAY_COLUMN_SEVERAL "doublets %"
#define SAY_COLUMN_RUNS "runs"
#define SAY_COLUMN_INTERVAL "interval s"
#define SAY_COLUMN_SESSIONS "sessions"
#define SAY_RAW_COUNT "%.0f in %.0f min"
#define SAY_TABLE_KEY \
        "Rate and size: median and middle half of the sessions. Doublets and multiplets in percent " \
        "of the twitches, regular runs as a count, median interval between twitches."
#define SAY_HOUR_BAND "%02d h %.2f [%.2f-%.2f] (%zu)"
#define SAY_HOUR_FEW "%02d h (%zu)"
#define SAY_GOES_HEAD "%s, %zu pairs:"
#define SAY_MOST "Most twitches a minute: %s (median %.2f)."
#define SAY_BY_DAY "Rate by day"
#define SAY_BY_DAY_KEY "dot: a session, larger: more rest, hollow: noisy; line: 95 %; below: diary"
#define SAY_BY_HOUR "Rate by hour of the day"
#define SAY_BY_HOUR_KEY "bar: middle half, line: median, from %u sessions on; else dots"
#define SAY_BY_HOUR_TEXT "Hours with sessions: %s"
#define SAY_DAYS "Each day"
#define SAY_DAYS_KEY "twitches along the day's sessions, up to %.0f in a bar"
#define SAY_TREND_FORM "The end of \"%s\" names no form: .svg or .png"
#define SAY_REPORT_USAGE "report takes -o FILE, with .pdf, .svg, .html or .txt at its end"
#define SAY_REPORT_FORM "The end of \"%s\" names no form: .pdf, .svg, .html or .txt"
#define SAY_REPORT_PERIOD "--from must be before --to"
#define SAY_REPORT_FAILED "%s cannot be written: %s"
#define SAY_REPORT_ABSENT \
        "Drawing takes twitch-report, which is not installed: install libpango1.0-dev, then twitchd anew " \
        "(make && sudo make install)"
#define SAY_REPORT_CALL "twitch-report cannot be called: %s"
#define SAY_HOW "How it was measured"
#define SAY_HOW_TEXT \
        "Surface electrodes, 20-450 Hz. A rate is twitches by minutes of rest in which a twitch " \
        "would have been seen. Allowed false alarms: %.2g an hour and channel."
#define SAY_ERROR_RATES \
        "Error rates of the detector on made-up signals at %u samples a second (make bench-detect): in " \
        "noise alone %.2f false alarms an hour and channel (%.2f to %.2f; in %.0f h), and 9 in 10 " \
        "twitches are found from %.1f times the noise on. With mains, heartbeat and drift %.2f false " \
        "alarms (%.2f to %.2f; in %.1f h); of twitches of %u times the noise and more %.1f %% are found " \
        "(%.1f to %.1f %%), and %.1f %% of what is reported are twitches. Movements are not in these " \
        "signals."
#define SAY_UNITS "Recurring waveforms of the session of %s"
#define SAY_UNIT "%s: %zu times, %.0f uV"
#define SAY_UNIT_SHAPE "%.0f uV high, %.0f ms, mean of %zu"
#define SAY_UNIT_INTERVALS "intervals: 0.1 s, each x2"
#define SAY_TRIGGERS "What goes with the twitching"
#define SAY_EXPERIMENTS "Experiments"
#define SAY_FELT "Felt and measured"
