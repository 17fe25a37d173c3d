#!/bin/sh
# A Slurm cluster of one controller and some nodes on this machine, in a directory of its own, for
# tests and measurements. Nothing of the system is used or changed but Debian's programs: the
# configuration, the key, the state and the logs are below the directory, and all ports are on
# loopback. No service and no other cluster is touched.
#
#   slurm-cluster.sh start DIR [NODES]  creates DIR, and starts the controller and the nodes n1, n2, …
#   slurm-cluster.sh run DIR NAME       starts one of them again: controller, or a node
#   slurm-cluster.sh stop DIR           ends every process of the cluster, and keeps DIR
#
# `export SLURM_CONF=DIR/slurm.conf` lets sbatch, squeue and the others use the cluster.
set -eu

fail() {
	echo "slurm-cluster: $*" >&2
	exit 1
}

# The first of the ports that the controller and the nodes listen on. They are below those that Linux
# assigns to clients, and nothing listens on them.
free_ports() {
	awk -v needed="$(($1 + 1))" -v seed="$$" '
		$4 == "0A" { split($2, address, ":"); listens[address[2]] = 1 }
		END {
			for (step = 0; step < 1000; step++) {
				first = 17000 + (seed * 16 + step * 16) % 15000
				taken = 0
				for (port = first; port < first + needed; port++) taken += (sprintf("%04X", port) in listens)
				if (!taken) { print first; exit }
			}
			exit 1
		}' /proc/net/tcp /proc/net/tcp6
}

# Timeouts are short, so that a test sees within seconds that a node is dead. A cluster for work needs
# none of this file but JobRequeue and RequeueExit.
write_configuration() {
	port=$(free_ports "$1") || fail "no free ports"
	user=$(id -un)
	cat >"$dir/slurm.conf" <<-END
		ClusterName=license-backup
		SlurmctldHost=localhost(127.0.0.1)
		SlurmctldPort=$port
		SlurmUser=$user
		SlurmdUser=$user
		AuthType=auth/munge
		CredType=cred/munge
		AuthInfo=socket=$dir/munge/munge.sock,cred_expire=5
		CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool/%n
		SlurmctldPidFile=$dir/run/slurmctld.pid
		SlurmdPidFile=$dir/run/slurmd-%n.pid
		SlurmctldLogFile=$dir/log/controller.log
		SlurmdLogFile=$dir/log/%n.log
		ProctrackType=proctrack/pgid
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		SwitchType=switch/none
		MpiDefault=none
		AccountingStorageType=accounting_storage/none
		JobCompType=jobcomp/filetxt
		JobCompLoc=$dir/log/completed.txt
		SchedulerType=sched/builtin
		SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		SlurmdParameters=config_overrides
		SlurmctldTimeout=10
		SlurmdTimeout=5
		MessageTimeout=2
		BatchStartTimeout=10
		KillWait=2
		CompleteWait=0
		MaxArraySize=10001
		MaxJobCount=20000
		JobRequeue=1
		RequeueExit=1,130
		ReturnToService=1
		MailProg=/bin/true
		NodeName=n[1-$1] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + $1))] CPUs=2 RealMemory=4000 State=UNKNOWN
		PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP LLN=YES
	END
}

# run NAME: starts a daemon in the background. The variable lets others find it.
run() {
	export LICENSE_BACKUP_CLUSTER="$dir/$1"
	case $1 in
	munge)
		set -- munge munged --foreground --key-file="$dir/munge/key" --socket="$dir/munge/munge.sock" \
			--pid-file="$dir/run/munged.pid" --log-file="$dir/log/munged.log" --seed-file="$dir/munge/seed" \
			--origin=127.0.0.1 --num-threads=2
		;;
	controller) set -- controller slurmctld -D ;;
	*) set -- "$1" slurmd -D -N "$1" ;;
	esac
	name=$1
	shift
	"$@" >"$dir/log/$name.out" 2>&1 </dev/null &
}

# with VARIABLE: reads paths of environments of processes, and prints those that contain the variable.
# A process may have ended in between.
with() { xargs -r grep -lz "$@" -- 2>/dev/null || true; }

# The IDs of all processes of the cluster. slurmd passes the first variable on to the daemon of a step,
# but not to a task.
process_ids() {
	{
		printf '%s\n' /proc/[0-9]*/environ | with -F -e "LICENSE_BACKUP_CLUSTER=$dir/"
		printf '%s\n' /proc/[0-9]*/environ | with -x -e 'SLURMD_NODENAME=.*' | with -Fx -e "SLURM_CONF=$dir/slurm.conf"
	} | sed 's|/proc/\([0-9]*\)/.*|\1|' | sort -un
}

# wait_until COMMAND...: tries it for a minute.
wait_until() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || {
			tail -n 20 "$dir"/log/*.log "$dir"/log/*.out >&2
			fail "waited a minute for: $*"
		}
		sleep 0.1
	done
}

is_idle() { [ "$(sinfo --noheader --Node --states=idle | wc -l)" -eq "$1" ]; }

start() {
	for program in munged slurmctld slurmd sbatch; do
		command -v "$program" >/dev/null || fail "$program is missing; scripts/setup.sh test-fleet installs it"
	done
	[ ! -e "$dir/slurm.conf" ] || fail "$dir contains a cluster; choose another directory"
	# The socket of munge is for all users, its key is for its user.
	umask 022
	mkdir -p "$dir/munge" "$dir/run" "$dir/log" "$dir/state" "$dir/spool"
	(umask 277 && head -c 128 /dev/urandom >"$dir/munge/key")
	write_configuration "$1"
	run munge
	wait_until munge --socket="$dir/munge/munge.sock" --no-input
	run controller
	for node in $(seq "$1"); do run "n$node"; done
	wait_until is_idle "$1"
}

stop() {
	# A frozen process is ended, too, and the daemon of a step may start another one.
	while ids=$(process_ids) && [ -n "$ids" ]; do
		# shellcheck disable=SC2086 # a list of process IDs, of which some may have ended
		kill -KILL $ids 2>/dev/null || true
		sleep 0.05
	done
}

[ $# -ge 2 ] || fail "expected: start DIR [NODES], run DIR NAME or stop DIR"
command=$1
[ "$command" != start ] || mkdir -p "$2"
dir=$(cd "$2" && pwd -P)
shift 2
export SLURM_CONF="$dir/slurm.conf" PATH="$PATH:/usr/sbin"
unset SLURM_ARRAY_TASK_ID SLURM_JOB_ID SLURMD_NODENAME
case $command in
start) start "${1:-3}" ;;
run) run "$1" ;;
stop) stop ;;
*) fail "unknown command $command" ;;
esac
