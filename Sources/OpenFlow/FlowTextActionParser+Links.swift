import Packet

/// Actions that choose a link by a hash.
extension FlowTextActionParser {
    /// `multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,DST[FIRST..LAST])`
    mutating func multipath(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let form = "multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,FIELD[FIRST..LAST])"
        let words = try words(item, 6, form)
        if words.count > 6 {
            throw reader.error(at: words[6].lowerBound, "this is one too many: write \(form)")
        }
        let fields = try choice(words[0], of: HashedFields.names, HashedFields.allCases.map(\.name), "fields")
        let basis = try reader.number(words[1], as: UInt16.self, for: "multipath's basis")
        let algorithm = try choice(
            words[2], of: MultipathAction.Algorithm.names, MultipathAction.Algorithm.allCases.map(\.name), "algorithms")
        let most = UInt128(MultipathAction.linkCounts.upperBound)
        let linkCount = Int(try reader.number(words[3], maximum: most, for: "multipath's number of links"))
        if linkCount == 0 { throw reader.error(at: words[3].lowerBound, "multipath needs a link: 1 at least") }
        let argument = try reader.number(words[4], as: UInt32.self, for: "multipath's argument")
        let destination = try destination(words[5])
        if !destination.hasRoom(for: linkCount) {
            throw reader.error(
                at: words[5].lowerBound,
                "\(linkCount) links don't fit into \(destination.bitCount) bits: name more bits, or fewer links")
        }
        let action = MultipathAction(
            fields, basis: basis, algorithm, linkCount: linkCount, argument: argument, destination: destination)
        return try taken(.multipath(action), at: words[5])
    }

    /// `bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,…)`, and `bundle_load` with a field before the members.
    mutating func bundle(_ item: FlowTextItem, loads: Bool) throws(FlowTextError) -> Action {
        let name = loads ? "bundle_load" : "bundle"
        let form = "\(name)(FIELDS,BASIS,ALGORITHM,ofport,\(loads ? "FIELD[FIRST..LAST]," : "")members:PORT,…)"
        let words = try words(item, loads ? 6 : 5, form)
        let fields = try choice(words[0], of: HashedFields.names, HashedFields.allCases.map(\.name), "fields")
        let basis = try reader.number(words[1], as: UInt16.self, for: "\(name)'s basis")
        let algorithm = try choice(
            words[2], of: BundleAction.Algorithm.names, BundleAction.Algorithm.allCases.map(\.name), "algorithms")
        if !reader.matches(words[3], "ofport") {
            throw reader.error(at: words[3].lowerBound, "members are ofport, not “\(reader.text(words[3]))”")
        }
        let target = loads ? try destination(words[4]) : nil
        if let target, target.bitCount < BundleAction.portBits {
            throw reader.error(at: words[4].lowerBound, "a port's number has 16 bits: name as many, or more")
        }
        let members = try members(words[(loads ? 5 : 4)...], form)
        let action = BundleAction(fields, basis: basis, algorithm, members: members, destination: target)
        return try taken(.bundle(action), at: loads ? words[4] : item.key)
    }

    /// `members:` or, as before Open vSwitch 2.14, `slaves:`, and ports.
    private func members(_ words: ArraySlice<Range<Int>>, _ form: String) throws(FlowTextError) -> [PortNumber] {
        let first = words[words.startIndex]
        guard let colon = reader.firstIndex(of: Ascii.colon, in: first),
            ["members", "slaves"].contains(where: { reader.matches(first.lowerBound..<colon, $0) })
        else { throw reader.error(at: first.lowerBound, "members: was expected here: write \(form)") }
        var members: [PortNumber] = []
        for range in [colon + 1..<first.upperBound] + words.dropFirst() where !range.isEmpty {
            let port = try reader.port(range, for: "members")
            if !BundleAction.mayHold(port) {
                throw reader.error(
                    at: range.lowerBound, "\(port) can't be a member: name another port, up to 0xfeff")
            }
            if members.count == BundleAction.mostMembers {
                throw reader.error(at: range.lowerBound, "there are \(BundleAction.mostMembers) members at most")
            }
            members.append(port)
        }
        return members
    }

    /// What stands within an action's parentheses, separated by commas or white space.
    private func words(_ item: FlowTextItem, _ least: Int, _ form: String) throws(FlowTextError) -> [Range<Int>] {
        guard item.delimiter == Ascii.open else { throw reader.error(at: item.key.upperBound, "write \(form)") }
        var words: [Range<Int>] = []
        var start: Int?
        for index in item.value {
            if Ascii.isSeparator(reader.bytes[index]) {
                if let begun = start { words.append(begun..<index) }
                start = nil
            } else if start == nil {
                start = index
            }
        }
        if let start { words.append(start..<item.value.upperBound) }
        if words.count < least {
            throw reader.error(at: item.value.upperBound, "something is missing here: write \(form)")
        }
        return words
    }

    /// One of a few words.
    private func choice<Value>(
        _ range: Range<Int>, of table: FlowTextNameTable<Value>, _ names: [String], _ what: String
    ) throws(FlowTextError) -> Value {
        if let value = table.find(reader.bytes, range) { return value }
        let list = names.joined(separator: ", ")
        throw reader.error(at: range.lowerBound, "the \(what) are \(list), not “\(reader.text(range))”")
    }

    /// A part of a field that actions may write.
    private func destination(_ range: Range<Int>) throws(FlowTextError) -> FieldSlice {
        let slice = try reader.fieldSlice(range, in: check?.protocols)
        try requireWritable(slice.field, at: range)
        if slice.bitCount > 64 {
            throw reader.error(
                at: range.lowerBound, "this takes 64 bits at most: name them, as in \(Field[slice.field].name)[0..15]")
        }
        return slice
    }
}
