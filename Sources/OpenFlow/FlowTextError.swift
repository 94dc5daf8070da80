/// What is wrong with a flow text, and where.
public struct FlowTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file that the text came from, as the caller named it.
    public let file: String?
    /// Counted from 1.
    public let line: Int
    /// Counted from 1, in Unicode scalars.
    public let column: Int
    /// What is wrong and how to mend it.
    public let message: String

    public init(file: String?, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `FILE:LINE:COLUMN: message`; without a file, `LINE:COLUMN: message`.
    public var description: String {
        let place = "\(line):\(column): \(message)"
        return file.map { "\($0):\(place)" } ?? place
    }
}
