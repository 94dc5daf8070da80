/// A fixed set of names, each with what it stands for, found by the bytes of a text without making a string of them.
struct FlowTextNameTable<Value: Sendable>: Sendable {
    private let names: [String]
    private let values: [Value]
    /// The bytes of all names, one behind the other; name `i` is `letters[starts[i]..<starts[i + 1]]`.
    private let letters: [UInt8]
    private let starts: [Int]
    /// Open addressing with linear probing; -1 marks a free slot.
    private let slots: [Int16]
    private let ignoresCase: Bool

    /// - Parameter pairs: where a name stands twice, the first counts.
    init(_ pairs: [(name: String, value: Value)], ignoringCase: Bool = false) {
        var slots = [Int16](repeating: -1, count: 1 << (Int.bitWidth - (pairs.count * 2).leadingZeroBitCount))
        var (names, values, letters, starts): ([String], [Value], [UInt8], [Int]) = ([], [], [], [0])
        for (name, value) in pairs {
            let bytes = name.utf8.map { ignoringCase ? Self.lowercase($0) : $0 }
            var slot = Self.hash(bytes, 0..<bytes.count, ignoringCase) & (slots.count - 1)
            var isTaken = false
            while slots[slot] >= 0 && !isTaken {
                let other = Int(slots[slot])
                isTaken = letters[starts[other]..<starts[other + 1]].elementsEqual(bytes)
                slot = (slot + 1) & (slots.count - 1)
            }
            if isTaken { continue }
            slots[slot] = Int16(names.count)
            names.append(name)
            values.append(value)
            letters += bytes
            starts.append(letters.count)
        }
        (self.names, self.values, self.letters, self.starts, self.slots) = (names, values, letters, starts, slots)
        ignoresCase = ignoringCase
    }

    /// What a piece of a text stands for, if it is one of the names.
    func find(_ bytes: [UInt8], _ range: Range<Int>) -> Value? {
        var slot = Self.hash(bytes, range, ignoresCase) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if isName(index, bytes, range) { return values[index] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isName(_ index: Int, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let start = starts[index]
        guard starts[index + 1] - start == range.count else { return false }
        var offset = 0
        while offset < range.count {
            let byte = bytes[range.lowerBound + offset]
            if letters[start + offset] != (ignoresCase ? Self.lowercase(byte) : byte) { return false }
            offset += 1
        }
        return true
    }

    /// The name that a mistyped one was most likely meant to be.
    func nearest(to word: String) -> String? {
        let wanted = word.utf8.map(Self.lowercase)
        let limit = max(1, wanted.count / 3)
        guard wanted.count <= Self.longestMistyped else { return nil }
        var best: (name: String, distance: Int)?
        for (index, name) in names.enumerated() where abs(name.utf8.count - wanted.count) <= limit {
            let distance = Self.editDistance(wanted, letters[starts[index]..<starts[index + 1]].map(Self.lowercase))
            if distance <= limit && distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// No name is nearly as long; what is longer is no slip of the fingers.
    private static var longestMistyped: Int { 40 }

    /// FNV-1a.
    private static func hash(_ bytes: [UInt8], _ range: Range<Int>, _ ignoringCase: Bool) -> Int {
        var hash: UInt32 = 0x811c_9dc5
        for index in range {
            hash = (hash ^ UInt32(ignoringCase ? lowercase(bytes[index]) : bytes[index])) &* 0x0100_0193
        }
        return Int(hash ^ hash >> 15)
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }

    /// How many letters must be put in, left out, changed, or swapped with the next.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var next = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(last[column + 1] + 1, next[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0 && column > 0 && letter == right[column - 1] && left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                next.append(cost)
            }
            (beforeLast, last) = (last, next)
        }
        return last[right.count]
    }
}
