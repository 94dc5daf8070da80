# lint-assembly.awk – the rules of Scripts/lint-assembly, which says how they are meant.
# Reads three files: the names of the hot sources, `nm -A -l` of the objects, `objdump -dr` of the objects.

BEGIN {
    # Entries of the Swift runtime end the program at most: no cost on the way that workers take.
    harmless = "^swift_(unexpectedError|deletedMethodError|deletedAsyncMethodError)"
    trapping = "_assertionFailure|_fatalErrorMessage|_preconditionFailure|_diagnoseUnexpected"
    runtime = "^_?swift_"
    allocator = "^(malloc|calloc|realloc|reallocarray|free|posix_memalign|aligned_alloc|memalign|valloc|mmap|munmap" \
        "|strdup|_Znwm|_Znam|_ZdlPv|rte_malloc|rte_zmalloc|rte_calloc|rte_realloc|rte_free)"
    lock = "^(pthread_(mutex|rwlock|cond|spin|once)|sem_|futex)"
}

FNR == 1 { input++ }

# The hot sources: which of their lines belong to the slow path.
input == 1 { readSource($0); next }

# object:address type symbol TAB file:line
input == 2 {
    if (split($0, halves, "\t") < 2) next
    count = split(halves[1], words, " ")
    object = words[1]
    sub(/:[0-9a-f]*$/, "", object)
    source[object, words[count]] = halves[2]
    next
}

/:     file format / { current = pending = ""; object = substr($0, 1, index($0, ":     file format ") - 1); next }
/^Disassembly of section / { section = substr($4, 1, length($4) - 1); next }

# 0000000000000010 <symbol>:
/^[0-9a-f]+ <.*>:$/ {
    if (pending != "") refer(current, pending, 0)
    pending = ""
    symbol = substr($2, 2, length($2) - 3)
    current = object SUBSEP symbol
    nodes[current] = 1
    if (!(symbol in anywhere)) anywhere[symbol] = current
    at[object, section, hex($1)] = symbol
    next
}

# "22: R_X86_64_PLT32  symbol-0x4", below the instruction that it belongs to
$2 ~ /^R_/ {
    type = $2
    target = $3
    addend = 0
    if (match(target, /[+-]0x[0-9a-f]+$/)) {
        addend = hex(substr(target, RSTART + 3))
        if (substr(target, RSTART, 1) == "-") addend = -addend
        target = substr(target, 1, RSTART - 1)
    }
    pending = ""
    # A local function may be named by its section and place. x86 counts from the end of the four-byte operand.
    if (target ~ /^\.text/) target = target "@" (addend + (type ~ /^R_X86_64_P/ ? 4 : 0))
    refer(current, target, type ~ /PLT32|CALL26|JUMP26/)
    next
}

# "call 150 <symbol>" within a section has no relocation. Before one, what the operand seems to name means nothing.
{
    if (pending != "") refer(current, pending, 0)
    pending = ""
}
/<[^<>]+>/ && current != "" {
    pending = $0
    sub(/^[^<]*</, "", pending)
    sub(/>.*$/, "", pending)
    sub(/\+0x[0-9a-f]+$/, "", pending)
    if (object SUBSEP pending == current) pending = ""
}

END {
    for (node in nodes) {
        place = source[node]
        if (place == "" || !isHot(place)) continue
        checked++
        split(node, parts, SUBSEP)
        if (verbose) print "looked at: " place ": " parts[2]
        split("", visited)
        follow(node, place ": " parts[2])
    }
    close("sort")
    if (checked == 0) {
        print "no function of the hot files is in the objects: nothing was looked at"
        exit 1
    }
    if (offences > 0) {
        print offences " offences in " checked " worker functions. Take out what allocates, counts references, locks" \
            " or checks exclusivity; if no worker runs it per burst, write `// Slow path: why` above the declaration."
        exit 1
    }
    print checked " worker functions in " hotFiles " files:" \
        " no allocation, reference counting, lock or exclusivity check"
}

# Depth first through the helpers that have no source of their own. `chain` says how we came here.
function follow(node, chain,    count, index_, targets, target, name, parts, next_) {
    if (node in visited) return
    visited[node] = 1
    count = split(references[node], targets, "\n")
    for (index_ = 1; index_ <= count; index_++) {
        target = targets[index_]
        split(node, parts, SUBSEP)
        name = target
        if (match(name, /@[0-9]+$/)) {
            name = at[parts[1], substr(target, 1, RSTART - 1), substr(target, RSTART + 1) + 0]
            if (name == "") continue
        }
        next_ = (parts[1] SUBSEP name) in nodes ? parts[1] SUBSEP name : (name in anywhere ? anywhere[name] : "")
        if (next_ != "") {
            if (source[next_] == "") follow(next_, chain " -> " name)
            else if (verbose && !isHot(source[next_])) print "leaves the hot path: " chain " -> " name
        } else if (isForbidden(name, calls[node, target])) {
            print chain " -> " name | "sort"
            offences++
        }
    }
}

function isForbidden(name, isCall) {
    if (name ~ harmless) return 0
    if (name ~ runtime || name ~ allocator || name ~ lock) return 1
    # A Swift function of none of the rooms: the standard library's, out of line.
    return isCall && name ~ /^\$s/ && name !~ trapping
}

function refer(node, target, isCall) {
    if (isCall) calls[node, target] = 1
    if ((node, target) in referred) return
    referred[node, target] = 1
    references[node] = references[node] (references[node] == "" ? "" : "\n") target
}

# file:line, not in a declaration of the slow path
function isHot(place,    file, line) {
    file = place
    sub(/:[0-9]+( .*)?$/, "", file)
    if (!(file in hot)) return 0
    line = substr(place, length(file) + 2) + 0
    return !((file, line) in slow)
}

# Marks the lines from each `// Slow path` to the end of the declaration below it: the first line which closes all
# braces it opens, or else the closing brace that stands as far in as the comment.
function readSource(file,    line, text, margin, state, opened, closed) {
    hot[file] = 1
    hotFiles++
    while ((getline text < file) > 0) {
        line++
        if (state == "" && text ~ /^ *\/\/ Slow path/) {
            state = "before"
            match(text, /^ */)
            margin = substr(text, 1, RLENGTH)
        } else if (state == "before" && text !~ /^ *(\/\/|@[A-Za-z_]+(\(.*\))? *$)/) {
            opened = gsub(/{/, "{", text)
            closed = gsub(/}/, "}", text)
            state = opened > 0 && opened == closed ? "end" : "inside"
        } else if (state == "inside" && index(text, margin "}") == 1) {
            state = "end"
        }
        if (state != "") slow[file, line] = 1
        if (state == "end") state = ""
    }
    close(file)
}

function hex(text,    value, index_) {
    value = 0
    for (index_ = 1; index_ <= length(text); index_++)
        value = value * 16 + index("0123456789abcdef", tolower(substr(text, index_, 1))) - 1
    return value
}
