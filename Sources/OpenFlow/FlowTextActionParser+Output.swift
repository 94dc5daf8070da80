import Packet

extension FlowTextActionParser {
    /// `output:PORT`, `output:FIELD[FIRST..LAST]` or `output(port=PORT,max_len=BYTES)`
    mutating func output(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        try requireValue(item, "PORT")
        if item.delimiter == Ascii.open { return try truncatedOutput(item) }
        // A port's name first: IN_PORT is also, in small letters, a field's.
        if let port = FlowTextNames.reservedPorts.find(reader.bytes, item.value) {
            return try output(to: port, at: item.value)
        }
        if !Ascii.isDigit(reader.bytes[item.value.lowerBound]), !reader.portNames.isEmpty,
            let number = reader.portNames[reader.text(item.value)]
        {
            return .output(PortNumber(number))
        }
        if reader.namesField(item.value) {
            return try taken(.outputField(reader.fieldSlice(item.value)), at: item.value)
        }
        return try output(to: reader.port(item.value, for: "output"), at: item.value)
    }

    /// An Ethernet header: nothing shorter is sent.
    private static let shortestCut: UInt32 = 14

    /// `output(port=PORT,max_len=BYTES)` cuts the packet; to a controller, it sends the beginning of it.
    private func truncatedOutput(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        var port: PortNumber?
        var maxLength: UInt32?
        var lengthRange = item.value
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            if reader.matches(part.key, "port") {
                try refuseSecond(port != nil, part)
                port = try reader.port(part.value, for: "output")
            } else if reader.matches(part.key, "max_len") {
                try set(&maxLength, part)
                lengthRange = part.value
            } else {
                throw reader.error(at: part.key.lowerBound, "output takes port=PORT and max_len=BYTES")
            }
        }
        guard let port else { throw reader.error(at: item.value.lowerBound, "output needs a port: add port=PORT") }
        guard let maxLength else { return try output(to: port, at: item.value) }
        if port == .controller {
            return .output(port, maxLength: try reader.number(lengthRange, as: UInt16.self, for: "max_len"))
        }
        if port > .maximum && port != .local && port != .inPort {
            throw reader.error(at: item.value.lowerBound, "only what goes to one port can be cut: not for \(port)")
        }
        if maxLength < Self.shortestCut {
            throw reader.error(
                at: lengthRange.lowerBound, "max_len is \(Self.shortestCut) at least, an Ethernet header")
        }
        return .outputTruncated(port, maxLength: maxLength)
    }

    func output(to port: PortNumber, at place: Range<Int>) throws(FlowTextError) -> Action {
        if port == .any { throw reader.error(at: place.lowerBound, "ANY is no port to output to: did you mean ALL?") }
        return .output(port)
    }

    /// `resubmit:PORT`, `resubmit(PORT,TABLE)` or `resubmit(,TABLE)`
    func resubmit(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        try requireValue(item, "PORT, or resubmit(PORT,TABLE)")
        let comma = reader.firstIndex(of: Ascii.comma, in: item.value) ?? item.value.upperBound
        let portRange = item.value.lowerBound..<comma
        var port: PortNumber?
        if !portRange.isEmpty {
            let named = try reader.port(portRange, for: "resubmit")
            port = named == .inPort ? nil : named
        }
        var table: UInt8?
        if comma + 1 < item.value.upperBound {
            let tableRange = comma + 1..<item.value.upperBound
            if let more = reader.firstIndex(of: Ascii.comma, in: tableRange) {
                throw reader.error(at: more, "resubmit takes a port and a table; more (ct) is not supported yet")
            }
            table = UInt8(
                try reader.number(tableRange, maximum: UInt128(Flow.lastTable), for: "resubmit's table"))
        }
        if port == nil && table == nil {
            throw reader.error(at: item.value.lowerBound, "resubmit needs a port other than IN_PORT, or a table")
        }
        return .resubmit(port: port, table: table)
    }

    /// `enqueue:PORT:QUEUE` or `enqueue(PORT,QUEUE)`
    func enqueue(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        try requireValue(item, "PORT:QUEUE")
        guard let cut = item.value.firstIndex(where: { [Ascii.comma, Ascii.colon].contains(reader.bytes[$0]) }) else {
            throw reader.error(at: item.value.lowerBound, "enqueue needs a queue: write enqueue:PORT:QUEUE")
        }
        let port = try reader.port(reader.trimmed(item.value.lowerBound..<cut), for: "enqueue")
        if port > .maximum && port != .local && port != .inPort {
            throw reader.error(at: item.value.lowerBound, "\(port) has no queues")
        }
        let queue = reader.trimmed(cut + 1..<item.value.upperBound)
        return .enqueue(port, queue: try reader.number(queue, as: UInt32.self, for: "enqueue's queue"))
    }
}

extension FlowTextReader {
    /// Whether a piece of the text is a field's name, with or without bits.
    func namesField(_ range: Range<Int>) -> Bool {
        let bracket = firstIndex(of: Ascii.openBracket, in: range)
        switch FlowTextNames.match.find(bytes, range.lowerBound..<(bracket ?? range.upperBound)) {
        case .field, .alternative: return true
        default: return false
        }
    }

    /// A piece of the text without the separators around it.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end && Ascii.isSeparator(bytes[start]) { start += 1 }
        while start < end && Ascii.isSeparator(bytes[end - 1]) { end -= 1 }
        return start..<end
    }
}
