/// What the entries of a text are.
public enum FlowTextKind: Sendable, Hashable, CaseIterable {
    case flow, group, meter
}

extension FlowTextError {
    /// The error for a change that is well written and can't be made: it says where the change stands, as the errors of
    /// reading do.
    ///
    /// - Parameters:
    ///   - index: which of the changes that stand in the text, counted from 0.
    ///   - file: the name to put into the error.
    ///   - message: what is wrong, and how to mend it.
    public init(
        refusing index: Int, of kind: FlowTextKind, in contents: String, file: String? = nil, _ message: String
    ) {
        let reader = FlowTextReader(contents, file: file, portNames: [:])
        var places: [Int]
        if kind == .meter {
            places = MeterText.entries(reader).map { $0[0].lowerBound }
        } else {
            places = []
            var lines = FlowTextLines(reader)
            while places.count <= index, let line = lines.next() { places.append(line.lowerBound) }
        }
        self = reader.error(at: index < places.count ? places[index] : 0, message)
    }
}
