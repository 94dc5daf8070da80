import Datapath
import OpenFlow
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// A worker that sleeps for want of packets keeps nobody waiting who has something to be done.
    @Suite(.serialized) struct SleepingWorkerTests {
        @Test func changesDoNotWaitForWorkersToWake() throws {
            var options = SwitchOptions()
            options.datapath.workerCores = [nil, nil]
            options.datapath.packetBuffers = 4095
            options.datapath.idleSleepMicroseconds = 500_000
            let vswitch = try VirtualSwitch(environment: TestEnvironment.shared, options: options)
            let bridge = try vswitch.addBridge(name: "sleepers")
            try vswitch.datapath.start()
            let start = ContinuousClock.now
            for number in 1...100 {
                let actions = InstructionSet(apply: [.output(.inPort)])
                let flow = Flow(priority: UInt16(number), match: Match(), instructions: actions)
                _ = try bridge.apply(FlowMod(.add, flow))
                bridge.publishChanges()
            }
            // Each change that waited for both workers would take half a second or more.
            #expect(ContinuousClock.now - start < .seconds(20))
            #expect(bridge.flowsWithCounters().count == 101)
            try vswitch.stop()
        }
    }
}
