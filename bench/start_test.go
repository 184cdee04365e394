package bench

import "testing"

const startRounds = 300

// startCost measures what an init adds before the first instruction of its child and after the last one.
func startCost(b *testing.B, p programs, all *costs) {
	all.start, all.exit = measured{}, measured{}
	for round := range startRounds {
		for _, one := range p.turns(round) {
			at := p.start(b, nil, one.with(p.stamp)...).readings(3)
			began, ran, ended := at[0], at[1], at[2]
			all.start.add(one.name, ran.since(began))
			all.exit.add(one.name, ended.since(ran))
		}
	}
	all.start.report(b, "start", 50)
	all.exit.report(b, "exit", 50)
}
