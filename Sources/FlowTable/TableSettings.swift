/// What can be set for a flow table (OpenFlow 1.3.5 §7.3.5.5; eviction and vacancy: OpenFlow 1.4 §6.10 and §7.3.4.1).
public struct TableSettings: Sendable, Hashable {
    /// The name that controllers see.
    public var name: String
    /// Flows that the table may hold; `nil`: as many as all tables together.
    public var maxEntries: Int?
    /// Whether a full table lets the least important flow go for a new one, instead of refusing that.
    public var evicts = false
    /// Where controllers are told how full the table is, in percent of free places; `nil`: never.
    public var vacancy: Vacancy?

    public init(name: String) { self.name = name }

    /// Two bounds, lest controllers be told again and again of one.
    public struct Vacancy: Sendable, Hashable {
        /// Told when fewer places are free.
        public var down: UInt8
        /// Told when more are free again.
        public var up: UInt8

        public init(down: UInt8, up: UInt8) {
            self.down = down
            self.up = up
        }
    }
}
