/// Something that a switch was asked to do and can't, in words for the operator.
public struct SwitchError: Error, CustomStringConvertible, Sendable, Equatable {
    /// What is wrong, and how to mend it.
    public let message: String

    public var description: String { message }

    public init(_ message: String) { self.message = message }
}
