"""English words that look like a misspelt risk word and are none.

They are what the dictionary of ``bot.safety.words`` lacks of the English word lists of SCOWL (size
70, British and American) and would be corrected to a word of another stem; and a few words of
Australia and South Africa. ``tests/safety/test_spelling.py`` finds new ones where the lists are
installed (Debian's wbritish-large and wamerican-large).
"""

from __future__ import annotations

REAL_WORDS = frozenset(
    """
    abases abasing bached baching banters barehanded basters bastes battening beaning beauts
    bels betted bises bitted bitterling blate blats blent blts bourn bourns braises bruited
    bruiting burgs burins burred burring choko chokos chowed clabber clabbered clabbering
    clabbers clacked clacks clonk clonked clonking clonks coiners corers corkers cornels
    cornier couriering crocked cruck darg deced embow embowed flong gabbed grays grubbed guans
    hammed hammier hatchel hatting hurds inuring kiangs kinos laving lazying maundering
    paunches rajes rared rased rases rasing razes reattained reattaining retrains rille
    scabbing shammed shamming shoed shrove slabbing slummed snits spatting spics spirt
    spirting spirts spivs staled stales staling stoep stoeps stomas stoup stoups straggles
    strangulating strickling swacked tackie tackies throe throstle throstles trowing trows
    twitted twitting unalike unlive wacks whacko whackos whacky whapped whaps whins whirs
    whopped whops whupping wracks yacked yacking yacks yakked
    """.split()
)
