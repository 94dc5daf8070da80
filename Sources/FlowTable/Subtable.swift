import OpenFlow
import Packet

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// The flows of one shape in a table, as the writer keeps them.
@safe
final class Subtable {
    let shape: SubtableShape
    private(set) var flowCount = 0

    private let reclaimer: Reclaimer
    private let hasher: KeyHash
    private var index: BucketIndex
    private let hashedWords: [Int]
    private let comparedWords: [Int]
    /// Epoch, masks of the hashed words, numbers of the hashed words, numbers of the compared words (a byte each).
    private let shapeBlock: Words
    private let filterEnds: [Int]
    private var filters: [StageFilter]
    private var removalsSinceFilters = 0
    private var priorities: [UInt16: Int] = [:]
    private var maximumRank: UInt64 = 0
    private var isMaximumStale = false
    /// The header of the last snapshot; `nil` once something has changed.
    private var published: SubtableHeader?
    /// By field and length, the number of flows.
    private var prefixUses = [Int](repeating: 0, count: PrefixField.count * 65)
    /// By field, the lengths that a flow has (``PrefixField/lengthBit(_:)``).
    private var prefixLengths = InlineArray<8, UInt64>(repeating: 0)

    private static let byteWords = FlowKey.wordCount / 8

    init(shape: SubtableShape, hasher: KeyHash, reclaimer: Reclaimer) {
        self.shape = shape
        self.hasher = hasher
        self.reclaimer = reclaimer
        index = BucketIndex(reclaimer: reclaimer)
        hashedWords = shape.hashedWords
        comparedWords = shape.comparedWordNumbers
        // Safe: the block has room for a mask a word and two times FlowKey.wordCount bytes.
        unsafe shapeBlock = reclaimer.allocate(1 + hashedWords.count + 2 * Self.byteWords)
        for (number, word) in hashedWords.enumerated() {
            unsafe shapeBlock[1 + number] = shape.hashMask[word]
        }
        let bytes = unsafe UnsafeMutableRawPointer(shapeBlock + 1 + hashedWords.count)
            .assumingMemoryBound(to: UInt8.self)
        for (number, word) in hashedWords.enumerated() { unsafe bytes[number] = UInt8(word) }
        for (number, word) in comparedWords.enumerated() { unsafe bytes[FlowKey.wordCount + number] = UInt8(word) }

        let words = hashedWords
        filterEnds = (0..<SubtableShape.stageCount - 1).map { stage in
            let end = words.count { SubtableShape.stage(ofWord: $0) <= stage }
            let start = words.count { SubtableShape.stage(ofWord: $0) < stage }
            return end > start && end < words.count ? end : 0
        }
        filters = filterEnds.map { _ in StageFilter(reclaimer: reclaimer) }
    }

    private var recordWords: Int { Bucket.recordWords(compared: comparedWords.count) }

    /// The hash of a key's hashed bits.
    func hash(_ key: FlowKey) -> UInt64 {
        let (key, mask) = (key.words.span, shape.hashMask.words.span)
        var state = hasher.seed
        for word in hashedWords { state = hasher.mix(state, key[word] & mask[word]) }
        return state
    }

    /// How many flows share a bucket with this hash.
    func bucketSize(_ hash: UInt64) -> Int { unsafe index.find(hash).map { unsafe Bucket.count($0) } ?? 0 }

    func insert(_ entry: FlowEntry) { insert(entry, hash: hash(entry.flow.match.key)) }

    /// - Parameter hash: of the flow's key.
    func insert(_ entry: FlowEntry, hash: UInt64) {
        published = nil
        let match = entry.flow.match
        let bucket = unsafe index.find(hash)
        let grown = unsafe Bucket.insert(
            into: bucket, stride: recordWords, reclaimer: reclaimer, rank: entry.rank
        ) { record in
            // Safe: a record has two words for each compared word after its header. The entry stays alive as long as
            // the tables or a snapshot can reach the record.
            unsafe record[1] = UInt64(UInt(bitPattern: Unmanaged.passUnretained(entry).toOpaque()))
            let (key, mask) = (match.key.words.span, match.mask.words.span)
            for (number, word) in comparedWords.enumerated() {
                unsafe record[2 + 2 * number] = key[word]
                unsafe record[3 + 2 * number] = mask[word]
            }
        }
        unsafe index.set(hash, to: grown, isNew: bucket == nil)
        flowCount += 1
        priorities[entry.flow.priority, default: 0] += 1
        maximumRank = max(maximumRank, entry.rank)
        count(match, by: 1)
        insertIntoFilters { match.key[$0] }
        for number in filters.indices where filterEnds[number] != 0 && filters[number].isCrowded {
            rebuildFilters()
            break
        }
    }

    func remove(_ entry: FlowEntry) {
        published = nil
        let match = entry.flow.match
        let hash = hash(match.key)
        let bucket = unsafe index.find(hash)!
        let rest = unsafe Bucket.remove(
            from: bucket, stride: recordWords, reclaimer: reclaimer, rank: entry.rank)
        unsafe index.set(hash, to: rest, isNew: false)
        flowCount -= 1
        count(match, by: -1)
        removalsSinceFilters += 1
        if removalsSinceFilters > flowCount + 64 { rebuildFilters() }
        let left = priorities[entry.flow.priority, default: 0] - 1
        priorities[entry.flow.priority] = left == 0 ? nil : left
        if left == 0, maximumRank >> 48 == UInt64(entry.flow.priority) { isMaximumStale = true }
    }

    /// Whether a flow here has the priority.
    func has(priority: UInt16) -> Bool { priorities[priority] != nil }

    private func count(_ match: Match, by step: Int) {
        let mask = match.mask.words.span
        for field in PrefixField.all {
            let place = PrefixField.place(field)
            let length = place.prefixLength(mask[place.word])
            let before = prefixUses[field * 65 + length]
            prefixUses[field * 65 + length] = before + step
            if before == 0 || before + step == 0 { findPrefixLengths(of: field) }
        }
    }

    private func findPrefixLengths(of field: Int) {
        var lengths: UInt64 = 0
        for length in 0...64 where prefixUses[field * 65 + length] > 0 { lengths |= PrefixField.lengthBit(length) }
        prefixLengths[field] = lengths
    }

    private func insertIntoFilters(_ value: (Int) -> UInt64) {
        guard filterEnds.contains(where: { $0 != 0 }) else { return }
        var state = hasher.seed
        for (number, word) in hashedWords.enumerated() {
            state = hasher.mix(state, value(word) & shape.hashMask[word])
            for stage in filters.indices where filterEnds[stage] == number + 1 { filters[stage].insert(state) }
        }
    }

    private func rebuildFilters() {
        removalsSinceFilters = 0
        for stage in filters.indices {
            let expected = filters[stage].bitsSet
            filters[stage].discardAll()
            filters[stage] = StageFilter(reclaimer: reclaimer, expecting: min(expected, flowCount))
        }
        let stride = recordWords
        // Safe: reads stay within the bucket's records, and hashed words are among the compared ones.
        unsafe BucketIndex.forEach(directory: index.directory, depth: index.depth) { bucket in
            for number in 0..<(unsafe Bucket.count(bucket)) {
                let record = unsafe bucket + Bucket.headerWords + number * stride
                insertIntoFilters { word in unsafe record[2 + 2 * comparedWords.firstIndex(of: word)!] }
            }
        }
    }

    /// Bits outside these no flow here matches.
    var maskBound: FlowMask {
        var bound = FlowMask()
        for word in comparedWords { bound[word] = .max }
        return bound
    }

    /// Visits the flows that match some of the packets that `match` does, until told to stop; whether it was not.
    func forEachOverlapping(_ match: Match, _ body: (FlowEntry) -> Bool) -> Bool {
        let (key, mask) = (match.key[0], match.mask[0])
        if (key ^ shape.partition.value) & mask & shape.partition.mask != 0 { return true }
        if shape.hashMask.isSubset(of: match.mask) {
            guard let bucket = unsafe index.find(hash(match.key)) else { return true }
            return unsafe forEachOverlapping(match, in: bucket, body)
        }
        var goesOn = true
        unsafe BucketIndex.forEach(directory: index.directory, depth: index.depth) { bucket in
            if goesOn { goesOn = unsafe forEachOverlapping(match, in: bucket, body) }
        }
        return goesOn
    }

    private func forEachOverlapping(_ match: Match, in bucket: Words, _ body: (FlowEntry) -> Bool) -> Bool {
        let stride = recordWords
        let (key, mask) = (match.key.words.span, match.mask.words.span)
        // Safe: reads stay within the bucket's records; their entries are in the table.
        for number in 0..<(unsafe Bucket.count(bucket)) {
            let record = unsafe bucket + Bucket.headerWords + number * stride
            var difference: UInt64 = 0
            for (place, word) in comparedWords.enumerated() {
                let both = unsafe record[3 + 2 * place] & mask[word]
                difference |= unsafe (record[2 + 2 * place] ^ key[word]) & both
            }
            if difference == 0, unsafe !body(Lookup.entry(record).takeUnretainedValue()) { return false }
        }
        return true
    }

    /// The highest rank of a flow here, or somewhat more.
    func publishedRank() -> UInt64 {
        if isMaximumStale {
            maximumRank = FlowEntry.rank(priority: priorities.keys.max() ?? 0, id: 0)
            isMaximumStale = false
        }
        return maximumRank
    }

    /// The subtable as lookups see it, until the next change.
    func publish() -> SubtableHeader {
        if let published { return published }
        let header = makeHeader()
        published = header
        return header
    }

    private func makeHeader() -> SubtableHeader {
        let maximumRank = publishedRank()
        // Safe: the layout of `shapeBlock`, which lives until the subtable is discarded.
        let masks = unsafe UnsafePointer(shapeBlock + 1)
        let bytes = unsafe UnsafeRawPointer(shapeBlock + 1 + hashedWords.count).assumingMemoryBound(to: UInt8.self)
        var header = unsafe SubtableHeader(
            maximumRank: maximumRank, partition: shape.partition, hashedCount: hashedWords.count,
            comparedCount: comparedWords.count, hashMasks: masks, hashedWords: bytes,
            comparedWords: bytes + FlowKey.wordCount, directory: index.directory, depth: index.depth,
            filterEnds: InlineArray(repeating: 0), filters: InlineArray(repeating: 0),
            prefixLengths: prefixLengths)
        for stage in filters.indices where filterEnds[stage] != 0 {
            header.filterEnds[stage] = filterEnds[stage]
            unsafe header.filters[stage] = UInt64(UInt(bitPattern: filters[stage].block))
        }
        return header
    }

    /// Takes all memory of the subtable out of use.
    func discardAll() {
        index.discardAll()
        for filter in filters { filter.discardAll() }
        unsafe reclaimer.discard(shapeBlock)
    }
}
